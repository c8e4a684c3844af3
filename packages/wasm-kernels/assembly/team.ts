// One kernel on several threads. Every member of the team calls the same kernel with the same arguments on an instance of its own (globals are per
// instance, the memory is shared), and each does its share. A share never cuts a sum: whatever the number of members, every number is computed by the same
// operations in the same order, so that all bits are equal. Members meet at barriers where one needs what another wrote.

/** This instance's place in the team, 0 is the calling thread. */
export let member: i32 = 0;
/** Members that take part in the current call. */
export let team: i32 = 1;
/** The most members that a call may have: scratch is reserved for so many. */
export let seats: i32 = 1;
/** Address of the barrier's words, 256 bytes that start as zeros; 0 where there is no team. */
let gate: usize = 0;

// Words of the gate, on cache lines of their own.
const ARRIVED: usize = 0;
const ROUND: usize = 64;
const SLEEPERS: usize = 128;
const BROKEN: usize = 192;
/** Looks at a barrier before a member goes to sleep. */
const SPINS: i32 = 20000;
/** A nap, in nanoseconds, and how many of them a member takes before it gives up on the others. */
const NAP: i64 = 10_000_000;
let naps: i32 = 0;

/** Seats this instance: its place, the most members, the gate, and how many milliseconds it waits for others. Called once. */
export function takeSeat(place: i32, most: i32, gateAddress: usize, patience: i32): void {
  member = place;
  seats = most;
  gate = gateAddress;
  naps = patience / 10;
}

/** Numbers of one line of the cache: shares of arrays are whole lines. */
export const LINE: i32 = 16;

/** How many members the next calls have; every member is told the same. */
export function setTeam(count: i32): void {
  team = count;
}

/** Makes this member do all of what follows by itself, with scratch for one, until `joinAgain(the result)`. */
export function leaveTeam(): i32 {
  const before = (seats << 16) | team;
  team = 1;
  seats = 1;
  return before;
}

export function joinAgain(before: i32): void {
  team = before & 0xffff;
  seats = before >> 16;
}

/** This member's place in the current call; 0 where it works alone. */
export function place(): i32 {
  return team == 1 ? 0 : member;
}

/** The first of `total` that this member does, when whole groups of `unit` are dealt out. */
export function shareFrom(total: i32, unit: i32): i32 {
  if (team == 1) return 0;
  const groups = (total + unit - 1) / unit;
  return min(total, unit * <i32>((<i64>groups * member) / team));
}

/** The end of this member's share. */
export function shareTo(total: i32, unit: i32): i32 {
  if (team == 1) return total;
  const groups = (total + unit - 1) / unit;
  return min(total, unit * <i32>((<i64>groups * (member + 1)) / team));
}

/** Waits until every member of the team has come here. Traps when the team is broken: a member failed, or does not come. */
export function barrier(): void {
  if (ASC_FEATURE_THREADS) {
    if (team == 1) return;
    const round = atomic.load<i32>(gate, ROUND);
    if (atomic.add<i32>(gate, 1, ARRIVED) + 1 == team) {
      atomic.store<i32>(gate, 0, ARRIVED);
      atomic.add<i32>(gate, 1, ROUND);
      if (atomic.load<i32>(gate, SLEEPERS) != 0) atomic.notify(gate + ROUND, -1);
      return;
    }
    for (let i = 0; i < SPINS; i++) {
      if (atomic.load<i32>(gate, ROUND) != round) return;
    }
    atomic.add<i32>(gate, 1, SLEEPERS);
    for (let i = 0; i < naps && atomic.load<i32>(gate, ROUND) == round; i++) {
      if (atomic.load<i32>(gate, BROKEN) != 0) unreachable();
      atomic.wait<i32>(gate + ROUND, round, NAP);
    }
    atomic.sub<i32>(gate, 1, SLEEPERS);
    if (atomic.load<i32>(gate, ROUND) == round) unreachable();
  }
}

/** Tells the others at their barriers that this member does not come any more. */
export function breakTeam(): void {
  if (ASC_FEATURE_THREADS) {
    if (gate == 0) return;
    atomic.store<i32>(gate, 1, BROKEN);
    atomic.notify(gate + ROUND, -1);
  }
}

import { SelfsupError } from '@selfsup/core';
import type { Transport } from '../transport.ts';

/** What the threads of one job share; made once, passed to each as `workerData`. */
export interface SharedRanks {
  /** How many ranks there are. */
  readonly worldSize: number;
  /** Counters and flags: ranks that have arrived, barriers passed, the rank that is lost. */
  readonly state: SharedArrayBuffer;
  /** A slot of `slotBytes` for each rank, and one more for what is broadcast. */
  readonly slots: SharedArrayBuffer;
  /** Bytes of a slot. */
  readonly slotBytes: number;
  /** How long a rank waits for the others. */
  readonly timeoutSeconds: number;
}

/** Words of {@link SharedRanks.state}. */
const Word = { arrived: 0, generation: 1, lost: 2, length: 3 } as const;
/** Of {@link Word.lost}: no rank is lost; else its number plus 1. */
const NONE = 0;

/** Looks at a barrier before a rank goes to sleep: some 20 µs. */
const LOOKS = 10_000;

/** Options of {@link shareRanks}. */
export interface ShareRanksOptions {
  /** Bytes that a rank can hand over at a time, a multiple of 64 × worldSize; more goes in several turns. Default 4 MiB. */
  slotBytes?: number;
  /** Seconds that a rank waits for the others before it gives up, > 0; default 600. */
  timeoutSeconds?: number;
}

/**
 * Makes the memory that the threads of one job share.
 *
 * @param worldSize how many threads train together, ≥ 1
 * @param options see {@link ShareRanksOptions}
 * @returns what each thread gives to {@link threadTransport} with its rank
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range
 */
export function shareRanks(worldSize: number, { slotBytes = 1 << 22, timeoutSeconds = 600 }: ShareRanksOptions = {}): SharedRanks {
  if (!Number.isSafeInteger(worldSize) || worldSize < 1)
    throw new SelfsupError('SELFSUP_OPTION', `shareRanks: \`worldSize\` must be an integer >= 1, got ${worldSize}`);
  if (!(timeoutSeconds > 0)) throw new SelfsupError('SELFSUP_OPTION', `shareRanks: \`timeoutSeconds\` must be > 0, got ${timeoutSeconds}`);
  const unit = 64 * worldSize;
  const bytes = unit * Math.max(1, Math.floor(slotBytes / unit));
  return {
    worldSize,
    state: new SharedArrayBuffer(4 * Word.length),
    slots: new SharedArrayBuffer(worldSize * bytes),
    slotBytes: bytes,
    timeoutSeconds,
  };
}

/**
 * Says to all ranks that one is gone: whoever waits for it, or will, gets an error instead.
 *
 * @param ranks what they share
 * @param rank the one that threw, exited or was terminated
 */
export function loseRank({ state }: SharedRanks, rank: number): void {
  const words = new Int32Array(state);
  Atomics.compareExchange(words, Word.lost, NONE, rank + 1);
  Atomics.add(words, Word.generation, 1);
  Atomics.notify(words, Word.generation);
}

/**
 * The transport of a thread: all ranks see one memory.
 *
 * @param ranks from {@link shareRanks}
 * @param rank this thread's number
 * @returns the transport; the thread blocks in the calls that end in `Sync`, so no rank may be the main thread of a page
 */
export function threadTransport(ranks: SharedRanks, rank: number): Transport {
  const { worldSize, slotBytes, timeoutSeconds } = ranks;
  const words = new Int32Array(ranks.state);
  const slots = Array.from({ length: worldSize }, (_, r) => new Uint8Array(ranks.slots, r * slotBytes, slotBytes));

  const assertAll = (): void => {
    const lost = Atomics.load(words, Word.lost);
    if (lost !== NONE)
      throw new SelfsupError(
        'SELFSUP_COLLECTIVE',
        `rank ${lost - 1} is gone; rank ${rank} cannot go on without it. Continue from the checkpoint`,
      );
  };
  /** Arrives; undefined for the last one, else the generation that must pass. */
  const arrive = (): number | undefined => {
    assertAll();
    const generation = Atomics.load(words, Word.generation);
    if (Atomics.add(words, Word.arrived, 1) + 1 < worldSize) return generation;
    Atomics.store(words, Word.arrived, 0);
    Atomics.add(words, Word.generation, 1);
    Atomics.notify(words, Word.generation);
    return undefined;
  };
  const check = (outcome: string): void => {
    assertAll();
    if (outcome !== 'timed-out') return;
    loseRank(ranks, rank); // nobody shall wait for this one
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `rank ${rank} waited ${timeoutSeconds} seconds for the others; one of them stands still, or is slower than \`timeoutSeconds\` allows`,
    );
  };
  // whoever arrives last counts on before it wakes the others: one of them may have gone on without, and wait for the next generation when the call comes
  const isOpen = (generation: number): boolean => Atomics.load(words, Word.generation) === generation;
  // to sleep and be woken takes longer than most waits; where ranks share cores, looking keeps the others from arriving
  const most = worldSize <= navigator.hardwareConcurrency ? LOOKS : 0;
  const look = (generation: number): void => {
    for (let looks = 0; looks < most && isOpen(generation); looks++);
  };
  const barrierSync = (): void => {
    const generation = arrive();
    if (generation === undefined) return;
    look(generation);
    while (isOpen(generation)) check(Atomics.wait(words, Word.generation, generation, 1000 * timeoutSeconds));
    assertAll();
  };
  const barrier = async (): Promise<void> => {
    const generation = arrive();
    if (generation === undefined) return;
    look(generation);
    const alive = setInterval(() => undefined, 1 << 30); // a pending wait by itself does not keep a thread from ending
    try {
      while (isOpen(generation)) check(await Atomics.waitAsync(words, Word.generation, generation, 1000 * timeoutSeconds).value);
      assertAll();
    } finally {
      clearInterval(alive);
    }
  };

  /** The steps of an exchange: what to do before the others are waited for, and after. */
  type Turns = Generator<void, void>;
  const runSync = (turns: Turns): void => {
    while (!turns.next().done) barrierSync();
  };
  const run = async (turns: Turns): Promise<void> => {
    while (!turns.next().done) await barrier();
  };

  function* gathering(sent: Uint8Array, received: Uint8Array): Turns {
    const bytes = sent.length;
    for (let from = 0; from < bytes || from === 0; from += slotBytes) {
      slots[rank]!.set(sent.subarray(from, from + slotBytes));
      yield;
      const count = Math.min(slotBytes, bytes - from);
      for (let r = 0; r < worldSize; r++) received.set(slots[r]!.subarray(0, count), r * bytes + from);
      yield; // slots may be written again
    }
  }
  function* exchanging(sent: Uint8Array, received: Uint8Array): Turns {
    const bytes = sent.length / worldSize;
    const room = slotBytes / worldSize;
    for (let from = 0; from < bytes || from === 0; from += room) {
      const count = Math.min(room, bytes - from);
      for (let r = 0; r < worldSize; r++) slots[rank]!.set(sent.subarray(r * bytes + from, r * bytes + from + count), r * room);
      yield;
      for (let r = 0; r < worldSize; r++) received.set(slots[r]!.subarray(rank * room, rank * room + count), r * bytes + from);
      yield;
    }
  }
  function* broadcasting(bytes: Uint8Array, root: number): Turns {
    for (let from = 0; from < bytes.length; from += slotBytes) {
      if (rank === root) slots[root]!.set(bytes.subarray(from, from + slotBytes));
      yield;
      bytes.set(slots[root]!.subarray(0, Math.min(slotBytes, bytes.length - from)), from);
      yield;
    }
  }
  return {
    kind: 'threads',
    description: `threads, rank ${rank} of ${worldSize}`,
    rank,
    worldSize,
    shared: { slots, barrierSync },
    allToAll: (sent, received) => run(exchanging(sent, received)),
    allToAllSync: (sent, received) => {
      runSync(exchanging(sent, received));
    },
    allGather: (sent, received) => run(gathering(sent, received)),
    allGatherSync: (sent, received) => {
      runSync(gathering(sent, received));
    },
    broadcast: (bytes, root) => run(broadcasting(bytes, root)),
    barrier,
    close: barrier,
    abort: () => {
      loseRank(ranks, rank);
    },
  };
}

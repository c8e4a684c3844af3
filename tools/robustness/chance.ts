/** Random choices, one after the other; the same seed and names give the same ones. */
export interface Chance {
  /** A whole number in [0, below). */
  whole(below: number): number;
  /** One of a list. */
  pick<T>(of: readonly T[]): T;
  /** Whether something happens that does so with this probability. */
  happens(probability: number): boolean;
}

/**
 * The chance of a round. Quick and small, as single draws are wanted by the million; training takes its own from `@selfsup/core`.
 *
 * @param seed of the whole command
 * @param names what the round is, such as its number
 */
export function createChance(seed: number, ...names: (string | number)[]): Chance {
  let state = 2166136261; // FNV-1a of the names, then a Weyl sequence through the finalizer of MurmurHash3
  for (const character of JSON.stringify([seed, ...names])) state = Math.imul(state ^ character.charCodeAt(0), 16777619);
  const draw = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number) => Math.floor(draw() * below);
  return { whole, pick: (of) => of[whole(of.length)]!, happens: (probability) => draw() < probability };
}

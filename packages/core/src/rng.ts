import { SelfsupError } from './error.ts';
import { threefry2x32 } from './threefry.ts';

/**
 * A splittable, counter-based source of randomness: `root.fold(step).fold(rank)` names a stream, and a name always gives the same numbers.
 *
 * @remarks An Rng has no state: there is nothing to save in a checkpoint, and the order of calls does not matter.
 */
export interface Rng {
  /** A new stream named by `tag` under this one. */
  fold(tag: string | number): Rng;
  /** An unsigned 32-bit integer that belongs to this stream; the same at every call. */
  seed(): number;
}

type Key = readonly [number, number];
const DOMAIN = { number: 0x6e756d62, string: 0x73747269, seed: 0x73656564 } as const;
const scratch = new Uint32Array(2);
const encoder = new TextEncoder();

function next(key: Key, low: number, high: number): Key {
  threefry2x32(key, [low, high], scratch);
  return [scratch[0]!, scratch[1]!];
}

function foldNumber(key: Key, tag: number): Key {
  const low = tag >>> 0;
  const high = Math.floor(tag / 2 ** 32) >>> 0; // two's complement for negative tags
  return next(next(key, 0, DOMAIN.number), low, high);
}

function foldString(key: Key, tag: string): Key {
  const bytes = encoder.encode(tag);
  let folded = next(key, bytes.length, DOMAIN.string);
  for (let i = 0; i < bytes.length; i += 8) {
    const word = (at: number) =>
      ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
    folded = next(folded, word(i), word(i + 4));
  }
  return folded;
}

function fromKey(key: Key): Rng {
  return {
    fold(tag) {
      if (typeof tag === 'string') return fromKey(foldString(key, tag));
      if (!Number.isSafeInteger(tag))
        throw new SelfsupError('SELFSUP_OPTION', `Rng.fold: \`tag\` must be a string or a safe integer, got ${tag}`);
      return fromKey(foldNumber(key, tag));
    },
    seed: () => next(key, 0, DOMAIN.seed)[0],
  };
}

/**
 * Makes the root of all randomness of a run from its seed: Threefry-2x32 with 20 rounds.
 *
 * @param seed a safe integer; every seed gives streams of its own
 * @returns the root Rng
 * @throws SelfsupError `SELFSUP_OPTION` when the seed is not a safe integer
 * @see Salmon et al., SC 2011, https://doi.org/10.1145/2063384.2063405
 * @example
 * ```ts
 * import { createRng, drawUniform } from '@selfsup/core';
 * const rng = createRng(0).fold('augment').fold(12);
 * console.log(drawUniform(rng, 3));
 * ```
 */
export function createRng(seed: number): Rng {
  if (!Number.isSafeInteger(seed)) throw new SelfsupError('SELFSUP_OPTION', `createRng: \`seed\` must be a safe integer, got ${seed}`);
  return fromKey(foldNumber([0, 0], seed));
}

import { SelfsupError } from './error.ts';
import { threefry2x32 } from './threefry.ts';

/**
 * A splittable, counter-based source of randomness: `root.fold('step').fold(3)` names a stream, and a name always gives the same numbers.
 *
 * @remarks An Rng has no state: there is nothing to save in a checkpoint, and the order of calls does not matter. A stream may belong to one part of a batch
 * (the rows of one rank, or of one micro-batch). What it then draws, a number or several for each row, is what the whole batch would have drawn for these rows:
 * how a batch is divided changes no draw. Draws that are not for rows, but for the batch, come from `ofPart(0)`.
 */
export interface Rng {
  /** A new stream named by `tag` under this one, for the same rows. */
  fold(tag: string | number): Rng;
  /** An unsigned 32-bit integer that belongs to this stream and part; the same at every call. */
  seed(): number;
  /** Which of the equal parts of a batch this stream draws for; 0 unless it was divided. */
  readonly part: number;
  /** How often the rows of the part lie under each other; 1 unless it was said. */
  readonly stacks: number;
  /** This stream for another part of the batch, an integer ≥ 0. All parts have as many rows. */
  ofPart(part: number): Rng;
  /** This stream for tensors that hold the part's rows several times under each other, such as `stacks` views that pass a network together. */
  stacked(stacks: number): Rng;
  /** The stream of one row of this part's tensors, which have `rows` of them: that of the whole batch's row, so that it is the same in each division. */
  row(row: number, rows: number): Rng;
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

/** The key of the stack below the first ones: each is drawn from a stream of its own. */
const stackKey = (key: Key, stack: number): Key => (stack === 0 ? key : foldNumber(foldString(key, 'stack'), stack));

function assertCount(who: string, name: string, { value, min }: { value: number; min: number }): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be an integer >= ${min}, got ${value}`);
}

function fromKey(key: Key, part = 0, stacks = 1): Rng {
  return {
    part,
    stacks,
    fold(tag) {
      if (typeof tag === 'string') return fromKey(foldString(key, tag), part, stacks);
      if (!Number.isSafeInteger(tag))
        throw new SelfsupError('SELFSUP_OPTION', `Rng.fold: \`tag\` must be a string or a safe integer, got ${tag}`);
      return fromKey(foldNumber(key, tag), part, stacks);
    },
    seed: () => next(part === 0 ? key : foldNumber(foldString(key, 'part'), part), 0, DOMAIN.seed)[0],
    ofPart(other) {
      assertCount('Rng.ofPart', 'part', { value: other, min: 0 });
      return fromKey(key, other, stacks);
    },
    stacked(count) {
      assertCount('Rng.stacked', 'stacks', { value: count, min: 1 });
      return fromKey(key, part, count);
    },
    row(row, rows) {
      const own = rows / stacks;
      if (!Number.isSafeInteger(own) || !Number.isSafeInteger(row) || row < 0 || row >= rows)
        throw new SelfsupError(
          'SELFSUP_OPTION',
          `Rng.row: \`row\` must be one of \`rows\`, a multiple of the ${stacks} stacks, got ${row} of ${rows}`,
        );
      return fromKey(foldNumber(stackKey(key, Math.floor(row / own)), part * own + (row % own)));
    },
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

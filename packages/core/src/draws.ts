import { SelfsupError } from './error.ts';
import type { Rng } from './rng.ts';
import { threefry2x32 } from './threefry.ts';

function assertCount(who: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`count\` must be an integer >= 0, got ${count}`);
}

/**
 * The key under which a stream draws, the same for all parts of a batch.
 *
 * @param rng the stream
 * @returns two unsigned 32-bit words
 */
export function streamKey(rng: Rng): readonly [number, number] {
  const whole = rng.ofPart(0);
  return [whole.fold('draw key 0').seed(), whole.fold('draw key 1').seed()];
}

/** Words `from` … `from + count − 1` of a stream, whatever its part: block i of Threefry under its key, counted from 0, gives words 2i and 2i + 1. */
export function wordsFrom(rng: Rng, from: number, count: number): Uint32Array {
  const key = streamKey(rng);
  const start = from % 2;
  const bits = new Uint32Array(start + count + ((start + count) & 1));
  const block = new Uint32Array(2);
  const counter: [number, number] = [0, 0];
  const first = (from - start) / 2;
  for (let i = 0; i < bits.length; i += 2) {
    const at = first + i / 2;
    counter[0] = at >>> 0;
    counter[1] = Math.floor(at / 2 ** 32);
    threefry2x32(key, counter, block);
    bits[i] = block[0]!;
    bits[i + 1] = block[1]!;
  }
  return bits.subarray(start, start + count);
}

/** What the rows of a part have in the draw of the whole batch: where it begins in each stack, and from which stream it comes. */
export interface DrawnStack {
  readonly stream: Rng;
  /** How many numbers of the stream come before. */
  readonly from: number;
  /** How many are this part's. */
  readonly count: number;
}

/**
 * Where a draw of `count` numbers for the rows of a stream's part lies.
 *
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is not a multiple of the stacks
 */
export function drawnStacks(rng: Rng, count: number): readonly DrawnStack[] {
  const { part, stacks } = rng;
  if (stacks === 1) return [{ stream: rng, from: part * count, count }];
  const own = count / stacks;
  if (!Number.isSafeInteger(own))
    throw new SelfsupError('SELFSUP_OPTION', `a draw for ${stacks} stacks of rows must be a multiple of ${stacks} numbers, got ${count}`);
  return Array.from({ length: stacks }, (_, i) => ({
    stream: i === 0 ? rng : rng.fold('stack').fold(i),
    from: part * own,
    count: own,
  }));
}

/** Draws a part's numbers by pieces of the stacks' streams. */
function drawStacks<V extends Uint32Array | Float32Array>(
  rng: Rng,
  count: number,
  { draw, join }: { draw: (stack: DrawnStack) => V; join: (length: number) => V },
): V {
  const stacks = drawnStacks(rng, count);
  if (stacks.length === 1) return draw(stacks[0]!);
  const all = join(count);
  stacks.forEach((stack, i) => { all.set(draw(stack), i * stack.count); }); // prettier-ignore
  return all;
}

/**
 * The words of a stream that are its part's.
 *
 * @param rng the stream
 * @param count how many words
 * @returns `count` unsigned 32-bit words: the first of the stream for part 0, the next as many for part 1, and so on
 */
export const drawBits = (rng: Rng, count: number): Uint32Array =>
  drawStacks(rng, count, {
    draw: ({ stream, from, count }) => wordsFrom(stream, from, count),
    join: (length) => new Uint32Array(length),
  });

/**
 * Draws numbers uniformly from [min, max).
 *
 * @param rng the stream; the same stream always gives the same numbers, and a longer draw starts with the shorter one. That of part p of a batch gives what
 * follows p draws of as many numbers, see {@link Rng}
 * @param count how many numbers
 * @param options `min` (default 0) and `max` (default 1)
 * @returns `count` numbers with 24 random bits each
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 */
export function drawUniform(rng: Rng, count: number, options: { min?: number; max?: number } = {}): Float32Array {
  const { min = 0, max = 1 } = options;
  assertCount('drawUniform', count);
  const bits = drawBits(rng, count);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = min + (max - min) * ((bits[i]! >>> 8) * 2 ** -24);
  return values;
}

/**
 * Draws numbers from a normal distribution (Box and Muller's transform of two uniform words).
 *
 * @param rng the stream
 * @param count how many numbers
 * @param options `mean` (default 0) and `standardDeviation` (default 1)
 * @returns `count` numbers
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 */
export function drawNormal(rng: Rng, count: number, options: { mean?: number; standardDeviation?: number } = {}): Float32Array {
  const { mean = 0, standardDeviation = 1 } = options;
  assertCount('drawNormal', count);
  return drawStacks(rng, count, {
    draw: ({ stream, from, count }) => {
      const start = from % 2; // numbers come in pairs
      const bits = wordsFrom(stream, from - start, start + count + ((start + count) & 1));
      const normals = new Float32Array(bits.length);
      for (let i = 0; i < bits.length; i += 2) {
        const radius = standardDeviation * Math.sqrt(-2 * Math.log((bits[i]! + 1) * 2 ** -32)); // (0, 1]: the logarithm is finite
        const angle = 2 * Math.PI * (bits[i + 1]! * 2 ** -32);
        normals[i] = mean + radius * Math.cos(angle);
        normals[i + 1] = mean + radius * Math.sin(angle);
      }
      return normals.subarray(start, start + count);
    },
    join: (length) => new Float32Array(length),
  });
}

/**
 * Draws a uniformly random order of 0 … count − 1 (Fisher and Yates, with bounded integers by multiplication).
 *
 * @param rng the stream; each part of a batch has an order of its own, as an order of all cannot be divided
 * @param count how many
 * @returns the numbers 0 … count − 1, shuffled
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 */
export function drawPermutation(rng: Rng, count: number): Int32Array {
  assertCount('drawPermutation', count);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const own = rng.part === 0 ? rng : rng.ofPart(0).fold('part').fold(rng.part);
  const bits = wordsFrom(own, 0, 2 * count);
  for (let i = count - 1; i > 0; i--) {
    const fraction = (bits[2 * i]! * 2 ** 21 + (bits[2 * i + 1]! >>> 11)) * 2 ** -53; // 53 bits: bias below 2^-21 at any count
    const j = Math.floor(fraction * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

import { SelfsupError } from './error.ts';
import type { Rng } from './rng.ts';
import { threefry2x32 } from './threefry.ts';

function assertCount(who: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`count\` must be an integer >= 0, got ${count}`);
}

/**
 * The key under which a stream draws.
 *
 * @param rng the stream
 * @returns two unsigned 32-bit words
 */
export function streamKey(rng: Rng): readonly [number, number] {
  return [rng.fold('draw key 0').seed(), rng.fold('draw key 1').seed()];
}

/**
 * The words of a stream: block i of Threefry under the key of the stream, counted from 0, gives words 2i and 2i + 1.
 *
 * @param rng the stream
 * @param count how many words
 * @returns `count` unsigned 32-bit words
 */
export function drawBits(rng: Rng, count: number): Uint32Array {
  const key = streamKey(rng);
  const bits = new Uint32Array(count + (count & 1));
  const block = new Uint32Array(2);
  const counter: [number, number] = [0, 0];
  for (let i = 0; i < count; i += 2) {
    counter[0] = i >>> 1;
    threefry2x32(key, counter, block);
    bits[i] = block[0]!;
    bits[i + 1] = block[1]!;
  }
  return bits.subarray(0, count);
}

/**
 * Draws numbers uniformly from [min, max).
 *
 * @param rng the stream; the same stream always gives the same numbers, and a longer draw starts with the shorter one
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
  const bits = drawBits(rng, count + (count & 1));
  const normals = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log((bits[i]! + 1) * 2 ** -32)); // (0, 1]: the logarithm is finite
    const angle = 2 * Math.PI * (bits[i + 1]! * 2 ** -32);
    normals[i] = mean + radius * Math.cos(angle);
    normals[i + 1] = mean + radius * Math.sin(angle);
  }
  return normals.subarray(0, count);
}

/**
 * Draws a uniformly random order of 0 … count − 1 (Fisher and Yates, with bounded integers by multiplication).
 *
 * @param rng the stream
 * @param count how many
 * @returns the numbers 0 … count − 1, shuffled
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 */
export function drawPermutation(rng: Rng, count: number): Int32Array {
  assertCount('drawPermutation', count);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const bits = drawBits(rng, 2 * count);
  for (let i = count - 1; i > 0; i--) {
    const fraction = (bits[2 * i]! * 2 ** 21 + (bits[2 * i + 1]! >>> 11)) * 2 ** -53; // 53 bits: bias below 2^-21 at any count
    const j = Math.floor(fraction * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

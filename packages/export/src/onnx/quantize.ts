/** Weights of fewer values are not worth rounding. */
export const WORTH_ROUNDING = 1024;

/** Integers from −127 to 127 and the factors that bring them back. */
export interface Quantized {
  readonly values: Int8Array;
  /** One for each index of the axis. */
  readonly scales: Float32Array;
}

/**
 * Rounds weights to 8 bits, symmetric, with a factor of its own for each index of one axis.
 *
 * @param data row-major values
 * @param shape their shape
 * @param axis the axis whose indices have their own factor, from 0
 * @returns integers, and a factor per index: value ≈ integer · factor
 */
export function quantize(data: Float32Array, shape: readonly number[], axis: number): Quantized {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const channels = shape[axis]!;
  const greatest = new Float32Array(channels);
  data.forEach((value, i) => {
    const channel = Math.floor(i / inner) % channels;
    greatest[channel] = Math.max(greatest[channel]!, Math.abs(value));
  });
  const scales = greatest.map((value) => (value === 0 ? 1 : value / 127));
  const values = Int8Array.from(data, (value, i) => Math.round(value / scales[Math.floor(i / inner) % channels]!));
  return { values, scales };
}

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The bits of the nearest float16; ties to even, values beyond its range become its largest. */
export function toFloat16(value: number): number {
  floatView[0] = Math.max(-65504, Math.min(65504, value));
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7e00; // NaN
  const shifted = exponent - 112;
  if (shifted <= 0) {
    if (shifted < -10) return sign;
    const whole = fraction | 0x800000;
    const drop = 14 - shifted;
    return sign | roundOff(whole, drop);
  }
  return sign | (roundOff((shifted << 23) | fraction, 13) & 0x7fff);
}

/** A number without its last bits, rounded to nearest, ties to even. */
function roundOff(value: number, bits: number): number {
  const kept = value >>> bits;
  const rest = value & ((1 << bits) - 1);
  const half = 1 << (bits - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** float32 values as float16. */
export const asFloat16 = (data: Float32Array): Uint16Array => Uint16Array.from(data, toFloat16);

/** The number that bits of float16 stand for. */
export function fromFloat16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

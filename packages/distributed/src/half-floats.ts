/** How gradients are written while they travel: as they are, or in 16 bits. */
export type Compression = 'none' | 'bf16' | 'fp16';

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The upper half of a float32, rounded to the nearest, ties to even; NaN stays NaN. */
function toBf16(value: number): number {
  number[0] = value;
  const word = bits[0]!;
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

function fromBf16(half: number): number {
  bits[0] = half << 16;
  return number[0]!;
}

/** IEEE 754 binary16, rounded to the nearest, ties to even; what is above 65,504 becomes infinity. */
function toFp16(value: number): number {
  number[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and above
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  const scaled = Math.abs(value) * 2 ** 24; // subnormal: multiples of 2^-24
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
}

function fromFp16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >>> 10) & 0x1f, half & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const codecs = { bf16: { encode: toBf16, decode: fromBf16 }, fp16: { encode: toFp16, decode: fromFp16 } } as const;

/** Bytes of a number while it travels. Internal. */
export const bytesOf = (compression: Compression): 2 | 4 => (compression === 'none' ? 4 : 2);

/** Writes float32 numbers into `target`, which begins at a multiple of 4 bytes. Internal. */
export function encodeFloats(values: Float32Array, target: Uint8Array, compression: Compression): void {
  if (compression === 'none') {
    new Float32Array(target.buffer, target.byteOffset, values.length).set(values);
    return;
  }
  const { encode } = codecs[compression];
  const halves = new Uint16Array(target.buffer, target.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) halves[i] = encode(values[i]!);
}

/** Reads what {@link encodeFloats} wrote. Internal. */
export function decodeFloats(source: Uint8Array, count: number, compression: Compression): Float32Array {
  if (compression === 'none') return new Float32Array(source.buffer, source.byteOffset, count);
  const { decode } = codecs[compression];
  const halves = new Uint16Array(source.buffer, source.byteOffset, count);
  return Float32Array.from(halves, decode);
}

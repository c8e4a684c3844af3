/** How gradients are written while they travel: as they are, or in 16 bits. */
export type Compression = 'none' | 'bf16' | 'fp16';

/** The upper half of a float32 given by its bits, rounded to the nearest, ties to even; NaN stays NaN. */
const toBf16 = (word: number): number =>
  (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16; // a Uint16Array drops what is above

/** IEEE 754 binary16 of a float32 given by its bits, rounded to the nearest, ties to even; what is above 65,504 becomes infinity. */
function toFp16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and above
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  const shift = 126 - (magnitude >>> 23); // subnormal: multiples of 2^-24
  if (shift > 24) return sign; // below half of the first one
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const floor = fraction >>> shift;
  const [rest, half] = [fraction & ((1 << shift) - 1), 1 << (shift - 1)];
  return sign | (floor + (rest > half || (rest === half && floor % 2 === 1) ? 1 : 0));
}

function fromFp16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >>> 10) & 0x1f, half & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `[65536]`: what each binary16 stands for; made when it is needed first. */
let fp16Values: Float32Array | undefined;

/** Bytes of a number while it travels. Internal. */
export const bytesOf = (compression: Compression): 2 | 4 => (compression === 'none' ? 4 : 2);

/** Writes float32 numbers into `target`, which begins at a multiple of 4 bytes. Internal. */
export function encodeFloats(values: Float32Array, target: Uint8Array, compression: Compression): void {
  if (compression === 'none') {
    new Float32Array(target.buffer, target.byteOffset, values.length).set(values);
    return;
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(target.buffer, target.byteOffset, values.length);
  if (compression === 'bf16') for (let i = 0; i < words.length; i++) halves[i] = toBf16(words[i]!);
  else for (let i = 0; i < words.length; i++) halves[i] = toFp16(words[i]!);
}

/** Reads what {@link encodeFloats} wrote. Internal. */
export function decodeFloats(source: Uint8Array, count: number, compression: Compression): Float32Array {
  if (compression === 'none') return new Float32Array(source.buffer, source.byteOffset, count);
  const halves = new Uint16Array(source.buffer, source.byteOffset, count);
  const values = new Float32Array(count);
  if (compression === 'bf16') {
    const words = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) words[i] = halves[i]! << 16;
    return values;
  }
  fp16Values ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => fromFp16(half));
  for (let i = 0; i < count; i++) values[i] = fp16Values[halves[i]!]!;
  return values;
}

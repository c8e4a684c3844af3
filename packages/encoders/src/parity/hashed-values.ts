/** Numbers that `tools/fixtures/encoders.py` computes alike, so that fixtures need no weights. Only tests use this folder. */

/** `count` words: murmur3's finalizer of a Weyl sequence that starts at FNV-1a(path) ^ seed. */
export function hashedBits(seed: number, path: string, count: number): Uint32Array {
  let start = 2166136261;
  for (const byte of new TextEncoder().encode(path)) start = Math.imul(start ^ byte, 16777619);
  start ^= seed;
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let x = (start + Math.imul(i + 1, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    words[i] = x ^ (x >>> 16);
  }
  return words;
}

/** `count` numbers in [−1, 1), exact in float32. */
export function hashedValues(seed: number, path: string, count: number): Float32Array {
  const words = hashedBits(seed, path, count);
  const values = new Float32Array(count); // a plain loop: Float32Array.from is ten times slower on millions of values
  for (let i = 0; i < count; i++) values[i] = (words[i]! >>> 8) * 2 ** -23 - 1;
  return values;
}

/** The fixtures' value of a variable: kernels ±√(6/fan in), scales 0.5 ± 0.1, offsets ±(1 ± 0.2), variances 1 ± 0.5, all else ± 0.2. */
export function hashedWeight(seed: number, path: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const values = hashedValues(seed, path, size);
  const leaf = path.slice(path.lastIndexOf('/') + 1);
  const kernelScale = Math.sqrt(6 / (size / shape[shape.length - 1]!));
  switch (leaf) {
    case 'kernel':
      return values.map((u) => u * kernelScale);
    case 'scale':
      return values.map((u) => 0.5 + 0.1 * u);
    case 'offset':
      return values.map((u) => 0.4 * u + (u < 0 ? -0.8 : 0.8));
    case 'variance':
      return values.map((u) => 1 + 0.5 * u);
    default:
      return values.map((u) => 0.2 * u);
  }
}

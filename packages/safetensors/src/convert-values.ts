/** The types that are read but not written, with their size in bytes. Internal. */
export const convertedBytes = { F16: 2, BF16: 2, F64: 8, I8: 1, I16: 2, I64: 8 } as const;

/** Half precision to float32, exactly: sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31 ? (fraction ? NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

let halves: Float32Array | undefined;

/** F16 as float32; `bytes` is aligned memory of its own. Internal. */
export function widenF16(bytes: Uint8Array): Float32Array {
  const wide = new Float32Array(bytes.byteLength / 2);
  const all = (halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromHalf(bits)));
  new Uint16Array(bytes.buffer).forEach((bits, i) => (wide[i] = all[bits]!));
  return wide;
}

/** BF16, the upper half of a float32, as float32. Internal. */
export function widenBF16(bytes: Uint8Array): Float32Array {
  const wide = new Uint32Array(bytes.byteLength / 2);
  new Uint16Array(bytes.buffer).forEach((bits, i) => (wide[i] = bits << 16));
  return new Float32Array(wide.buffer);
}

/** F64 as float32, rounded to the nearest. Internal. */
export function narrowF64(bytes: Uint8Array): Float32Array {
  return Float32Array.from(new Float64Array(bytes.buffer));
}

/** I64 as int32, or undefined when a value does not fit. Internal. */
export function narrowI64(bytes: Uint8Array): Int32Array | undefined {
  const wide = new BigInt64Array(bytes.buffer);
  return wide.every((value) => BigInt.asIntN(32, value) === value) ? Int32Array.from(wide, Number) : undefined;
}

/** An element type of {@link SafetensorsTensor}. */
export type SafetensorsDtype = 'F32' | 'I32' | 'BOOL' | 'U8';

/** The element types that selfsup writes and reads, with their size in bytes. */
export const dtypeBytes: Readonly<Record<SafetensorsDtype, number>> = { F32: 4, I32: 4, BOOL: 1, U8: 1 };

/** One tensor of a safetensors file, in memory of its own. */
export interface SafetensorsTensor {
  /** F32 comes as a Float32Array, I32 as an Int32Array, BOOL (0 or 1) and U8 as a Uint8Array. */
  readonly dtype: SafetensorsDtype;
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major values. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A safetensors file: free-form strings and tensors by name. */
export interface SafetensorsFile {
  /** The strings of `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by name. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

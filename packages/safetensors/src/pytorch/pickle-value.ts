/** The element types of PyTorch's storages that we read, with their size in bytes. Internal. */
export const storageBytes = { Float: 4, Half: 2, BFloat16: 2, Double: 8, Long: 8, Int: 4, Short: 2, Char: 1, Byte: 1, Bool: 1 } as const;

/** An element type of a storage. Internal. */
export type StorageType = keyof typeof storageBytes;

/** A storage: a file in the archive. Internal. */
export interface PickledStorage {
  readonly kind: 'storage';
  readonly type: StorageType;
  /** The name of the file in `data/`. */
  readonly key: string;
  /** Its number of elements. */
  readonly length: number;
}

/** A tensor: a view of a storage. Counts are checked, bounds are not. Internal. */
export interface PickledTensor {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A list. Internal. */
export interface PickledList {
  readonly kind: 'list';
  readonly items: PickledValue[];
}

/** A tuple. Internal. */
export interface PickledTuple {
  readonly kind: 'tuple';
  readonly items: PickledValue[];
}

/** A dict in its order. Internal. */
export interface PickledDict {
  readonly kind: 'dict';
  readonly items: [key: PickledValue, value: PickledValue][];
}

/** A name of Python; it stands for nothing. Internal. */
export interface PickledGlobal {
  readonly kind: 'global';
  readonly name: string;
}

/** Something harmless that is not made, with the name of what would have made it. Internal. */
export interface PickledOpaque {
  readonly kind: 'opaque';
  readonly name: string;
}

/** What a pickle can hold for us: data only. Internal. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledList
  | PickledTuple
  | PickledDict
  | PickledTensor
  | PickledStorage
  | PickledGlobal
  | PickledOpaque;

/** Whether a value is of a kind. Internal. */
export function isKind<K extends Extract<PickledValue, object>['kind']>(
  value: PickledValue | undefined,
  kind: K,
): value is Extract<PickledValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

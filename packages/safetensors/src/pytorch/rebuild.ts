import { printable } from '@selfsup/core';
import { conversion, failPytorch as fail } from './fail-pytorch.ts';
import { isKind, storageBytes, type PickledGlobal, type PickledOpaque, type PickledStorage, type PickledTensor, type PickledValue, type StorageType } from './pickle-value.ts'; // prettier-ignore

const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const ORDERED_DICT = 'collections.OrderedDict';
const UNTYPED = 'torch.storage.UntypedStorage';

/** Seen in checkpoints of training; what they would make is left out. */
const harmless = new Set([
  'argparse.Namespace',
  'collections.Counter',
  '__builtin__.set',
  '_codecs.encode',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'torch.Size',
  'torch.device',
  'torch._utils._rebuild_tensor_v3', // types that have no storage of their own, such as uint16
  UNTYPED,
  ...['float64', 'float32', 'float16', 'bfloat16', 'complex64', 'complex128', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'uint16', 'uint32', 'uint64'].map((type) => `torch.${type}`), // prettier-ignore
  'torch.ComplexFloatStorage',
  'torch.ComplexDoubleStorage',
]);

function storageTypeOf(name: string): StorageType | undefined {
  const type = /^torch\.(\w+)Storage$/.exec(name)?.[1];
  return type !== undefined && Object.hasOwn(storageBytes, type) ? (type as StorageType) : undefined;
}

const isCount = (value: PickledValue | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function countsOf(value: PickledValue | undefined, what: string): number[] {
  if (!isKind(value, 'tuple') || !value.items.every(isCount)) fail(`a tensor must have a ${what} of integers >= 0; the file is damaged`);
  return value.items;
}

/**
 * A name of Python in a pickle, if it is one of the few that data need. Internal.
 *
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on any other, with the way out
 */
export function globalOf(module: string, member: string): PickledGlobal {
  const name = `${module}.${member}`;
  const known = name === REBUILD_TENSOR || name === REBUILD_PARAMETER || name === ORDERED_DICT;
  if (!known && !harmless.has(name) && storageTypeOf(name) === undefined)
    fail(
      `the file asks for \`${printable(name, { maxLength: 120 })}\` of Python, which is not a tensor; nothing in it was run. Only tensors in dictionaries are read; ${conversion}`,
    );
  return { kind: 'global', name };
}

/** The storage that a persistent id names. Internal. */
export function storageOf(id: PickledValue): PickledStorage | PickledOpaque {
  const [word, type, key, , length] = isKind(id, 'tuple') ? id.items : [];
  if (word !== 'storage' || !isKind(type, 'global') || typeof key !== 'string' || !isCount(length))
    fail('a storage must have a type, a key and a length; the file is damaged');
  const storageType = storageTypeOf(type.name);
  return storageType === undefined ? { kind: 'opaque', name: type.name } : { kind: 'storage', type: storageType, key, length };
}

function tensorOf(args: readonly PickledValue[]): PickledTensor | PickledOpaque {
  const [storage, offset, shape, strides] = args;
  if (isKind(storage, 'opaque')) return storage; // complex numbers
  if (args.length < 6 || !isKind(storage, 'storage') || !isCount(offset))
    fail('a tensor must have a storage, an offset, a shape and strides; the file is damaged');
  const tensor = { shape: countsOf(shape, 'shape'), strides: countsOf(strides, 'stride') };
  if (tensor.shape.length !== tensor.strides.length) fail('a tensor must have one stride for each side; the file is damaged');
  return { kind: 'tensor', storage, offset, ...tensor };
}

/**
 * What a call in a pickle comes to, for the few that make data; nothing is called. Internal.
 *
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on anything else
 */
export function reduce(callee: PickledValue, args: PickledValue): PickledValue {
  if (!isKind(callee, 'global') || !isKind(args, 'tuple')) fail('a call in the pickle must have a name and arguments; the file is damaged');
  const { name } = callee;
  if (name === ORDERED_DICT) {
    if (args.items.length > 0) fail('an OrderedDict with arguments is not something that torch.save writes');
    return { kind: 'dict', items: [] };
  }
  if (name === REBUILD_TENSOR) return tensorOf(args.items);
  if (name === REBUILD_PARAMETER) {
    const [data] = args.items;
    if (!isKind(data, 'tensor') && !isKind(data, 'opaque')) fail('a parameter must have a tensor; the file is damaged');
    return data;
  }
  return { kind: 'opaque', name };
}

import { narrowI64, widenBF16, widenF16, narrowF64 } from '../convert-values.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { storageBytes, type PickledTensor, type StorageType } from './pickle-value.ts';

/** The number of elements. Internal. */
export const sizeOf = ({ shape }: PickledTensor) => shape.reduce((product, side) => product * side, 1);

/** The index of the last element in the storage. Internal. */
export const lastIndexOf = ({ offset, shape, strides }: PickledTensor) =>
  shape.reduce((last, side, i) => last + (side - 1) * strides[i]!, offset);

function isContiguous({ shape, strides }: PickledTensor): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i]!;
  }
  return true;
}

/** The bytes of the elements in row-major order, in memory of their own. */
function gather(tensor: PickledTensor, storage: Uint8Array, width: number): Uint8Array {
  const { offset, shape, strides } = tensor;
  const size = sizeOf(tensor);
  if (size === 0) return new Uint8Array(0);
  if (isContiguous(tensor)) return new Uint8Array(storage.subarray(offset * width, (offset + size) * width)); // `slice` of a Node Buffer would share it
  const bytes = new Uint8Array(size * width);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < bytes.length; to += width) {
    for (let i = 0; i < width; i++) bytes[to + i] = storage[from * width + i]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return bytes;
}

function convert(type: StorageType, bytes: Uint8Array): Pick<SafetensorsTensor, 'dtype' | 'data'> | undefined {
  if (type === 'Float') return { dtype: 'F32', data: new Float32Array(bytes.buffer) };
  if (type === 'Half') return { dtype: 'F32', data: widenF16(bytes) };
  if (type === 'BFloat16') return { dtype: 'F32', data: widenBF16(bytes) };
  if (type === 'Double') return { dtype: 'F32', data: narrowF64(bytes) };
  if (type === 'Int') return { dtype: 'I32', data: new Int32Array(bytes.buffer) };
  if (type === 'Short') return { dtype: 'I32', data: Int32Array.from(new Int16Array(bytes.buffer)) };
  if (type === 'Char') return { dtype: 'I32', data: Int32Array.from(new Int8Array(bytes.buffer)) };
  if (type === 'Byte') return { dtype: 'U8', data: bytes };
  if (type === 'Bool') return { dtype: 'BOOL', data: bytes.map((value) => Number(value !== 0)) };
  const data = narrowI64(bytes);
  return data && { dtype: 'I32', data };
}

/**
 * A tensor in memory of its own, row-major. Internal.
 *
 * @param tensor lies in its storage
 * @param storage the bytes of the storage
 * @returns undefined when 64-bit integers do not fit into 32
 */
export function readTensor(tensor: PickledTensor, storage: Uint8Array): SafetensorsTensor | undefined {
  const { type } = tensor.storage;
  const values = convert(type, gather(tensor, storage, storageBytes[type]));
  return values && { ...values, shape: tensor.shape };
}

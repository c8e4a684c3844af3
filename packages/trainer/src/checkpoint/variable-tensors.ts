import * as tf from '@tensorflow/tfjs-core';
import { printable, SelfsupError, type VariableMap } from '@selfsup/core';
import type { SafetensorsDtype, SafetensorsTensor } from '@selfsup/safetensors';

const storedAs: Readonly<Record<string, SafetensorsDtype>> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };
const arrays = { F32: Float32Array, I32: Int32Array, BOOL: Uint8Array, U8: Uint8Array } as const;
const names = { F32: 'float32', I32: 'int32', BOOL: 'bool', U8: 'uint8' } as const;
const describeTensor = (dtype: SafetensorsDtype, shape: readonly number[]) => `${names[dtype]} [${shape.join(', ')}]`;

function storedDtype(path: string, variable: tf.Variable): SafetensorsDtype {
  const dtype = storedAs[variable.dtype];
  if (!dtype)
    throw new SelfsupError('SELFSUP_DTYPE', `checkpoint: \`${path}\` must be float32, int32 or bool to be saved, got ${variable.dtype}`);
  return dtype;
}

/** Reads all variables back from the backend. Internal. */
export async function readVariables(variables: VariableMap): Promise<[string, SafetensorsTensor][]> {
  return Promise.all(
    Object.entries(variables).map(async ([path, variable]): Promise<[string, SafetensorsTensor]> => {
      const dtype = storedDtype(path, variable);
      const values = await variable.data();
      const data = values instanceof arrays[dtype] ? values : arrays[dtype].from(values); // cpu hands out bytes for a cast bool
      return [path, { dtype, shape: variable.shape, data }];
    }),
  );
}

/**
 * Throws on the first path, in sorted order, that is missing on a side or has another type or shape. Internal.
 *
 * @param who the caller's name
 * @param advice what to do about it
 */
export function assertSameVariables(
  variables: VariableMap,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { who, advice }: { who: string; advice: string },
): void {
  for (const path of [...new Set([...Object.keys(variables), ...tensors.keys()])].sort()) {
    const [variable, tensor] = [variables[path], tensors.get(path)];
    const expected = variable && describeTensor(storedDtype(path, variable), variable.shape);
    const got = tensor && describeTensor(tensor.dtype, tensor.shape);
    if (expected === got) continue;
    const difference = !expected
      ? `the checkpoint has \`${printable(path)}\`, which does not exist here`
      : !got
        ? `\`${path}\` is missing in the checkpoint`
        : `\`${path}\` must be ${expected}, the checkpoint has ${got}`;
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: ${difference}; ${advice}`);
  }
}

/** Overwrites variables by the tensors of the same paths, which must fit. All tensors are made before the first variable changes. Internal. */
export function assignVariables(variables: VariableMap, tensors: ReadonlyMap<string, SafetensorsTensor>): void {
  tf.tidy(() => {
    const fresh = Object.entries(variables).map(([path, variable]) => {
      const { data, shape } = tensors.get(path)!;
      return [variable, tf.tensor(data, [...shape], variable.dtype)] as const;
    });
    for (const [variable, value] of fresh) variable.assign(value);
  });
}

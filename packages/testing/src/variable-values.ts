import * as tf from '@tensorflow/tfjs-core';
import { namedTensors, SelfsupError, type Batch, type Module, type PretextTaskRun, type VariableMap } from '@selfsup/core';

/** The numbers of variables or tensors by path, outside the backend. Internal. */
export type Values = Readonly<Record<string, tf.TypedArray>>;

/** What may change of a run or a module, under `trainable/` and `buffers/`. Internal. */
export const variablesOf = (run: Pick<PretextTaskRun | Module, 'trainable' | 'buffers'>): VariableMap =>
  Object.fromEntries(
    (['trainable', 'buffers'] as const).flatMap((kind) =>
      Object.entries(run[kind]).map(([path, variable]) => [`${kind}/${path}`, variable] as const),
    ),
  );

/** All variables of a run, those under `frozen/` too. Internal. */
export const allVariablesOf = (run: Pick<PretextTaskRun, 'trainable' | 'buffers' | 'frozen'>): VariableMap => ({
  ...variablesOf(run),
  ...Object.fromEntries(Object.entries(run.frozen ?? {}).map(([path, variable]) => [`frozen/${path}`, variable] as const)),
});

/** Copies values out of the backend, of variables by path or of a record by name. Internal. */
export async function readValues(tensors: Batch): Promise<Values> {
  const read = namedTensors(tensors).map(async ([path, tensor]) => [path, (await tensor.data()).slice()] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** The number in a scalar. Internal. */
export const readNumber = async (scalar: tf.Tensor): Promise<number> => (await scalar.data())[0]!;

/** Writes values into variables of the same paths and sizes. Internal. */
export function writeValues(values: Values, variables: VariableMap): void {
  for (const path of new Set([...Object.keys(values), ...Object.keys(variables)])) {
    const [from, to] = [values[path], variables[path]];
    if (from?.length !== to?.size)
      throw new SelfsupError('SELFSUP_PLUGIN_API', `\`${path}\` must exist with the same shape in each run of one seed, got another`);
    tf.tidy(() => {
      to!.assign(tf.tensor(from!, to!.shape, to!.dtype));
    });
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: tf.TypedArray) => new Uint8Array(buffer, byteOffset, byteLength);

/** Bit for bit, so that NaN equals itself and 0 is not −0. Internal. */
export const sameBytes = (a: tf.TypedArray, b: tf.TypedArray): boolean => {
  const [first, second] = [bytesOf(a), bytesOf(b)];
  return first.length === second.length && first.every((byte, i) => byte === second[i]);
};

/** The paths whose values are not the same bytes, or exist on one side only. Internal. */
export const differingPaths = (a: Values, b: Values): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((path) => !a[path] || !b[path] || !sameBytes(a[path], b[path]));

/** The greatest magnitude; NaN if there is one. Internal. */
export const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

import { abandonTape, SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Draw, Operand } from './draw.ts';
import type { NdArray } from './nd-array.ts';
import type { OperationCase, Tensors } from './operation.ts';

/** What a result is measured with. Internal. */
export interface Measure {
  /** The largest error as a part of the largest number that is expected, or of 0.1. */
  readonly tolerance: number;
  /** True: as a part of each number by itself, or of 0.1. */
  readonly each?: boolean;
  /** The case in words. */
  readonly where: string;
}

const fail = (message: string): never => {
  throw new SelfsupError('SELFSUP_BACKEND', `backendChecks: ${message}`);
};

const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T]);

/** Integers as such: the constructor of a tensor takes no Float64Array for them. */
const arrayFor = ({ values, dtype }: Operand) =>
  dtype === 'float32' ? Float32Array.from(values) : dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);

function makeTensors(inputs: OperationCase['inputs'], poison = false): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, one]) => {
      const values = poison && one.dtype === 'float32' ? new Float32Array(one.values.length).fill(NaN) : arrayFor(one);
      return [name, tf.tensor(values, [...one.shape], one.dtype)];
    }),
  );
}

/** The operation in words: its name and the shapes of its operands. Internal. */
export const describeInputs = (inputs: OperationCase['inputs']): string =>
  Object.entries(inputs)
    .map(([name, { shape, dtype }]) => `${name}${dtype === 'float32' ? '' : ` ${dtype}`} [${shape.join(', ')}]`)
    .join(', ');

function compare(got: ArrayLike<number>, expected: Float64Array, { tolerance, where, each = false }: Measure): void {
  if (got.length !== expected.length) fail(`${where} must have ${expected.length} elements, got ${got.length}`);
  const rounded = Float32Array.from(expected);
  const scale = rounded.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0.1);
  rounded.forEach((value, i) => {
    const right = Number.isFinite(value)
      ? Math.abs(got[i]! - value) <= tolerance * (each ? Math.max(0.1, Math.abs(value)) : scale)
      : Object.is(value, got[i]);
    if (!right) fail(`${where}: element ${i} must be ${value}, got ${got[i]!}`);
  });
}

/** Runs what makes tensors, reads them without blocking and disposes of them. */
async function read(compute: () => readonly tf.Tensor[]): Promise<{ shape: number[]; values: ArrayLike<number> }[]> {
  let outputs: tf.Tensor[];
  try {
    outputs = tf.tidy(() => [...compute()]);
  } catch (error) {
    abandonTape();
    throw error;
  }
  try {
    return await Promise.all(outputs.map(async (output) => ({ shape: output.shape, values: await output.data() })));
  } finally {
    tf.dispose(outputs);
  }
}

/** Leaves NaN in the memory that the case is going to get: of the same sizes, for backends that keep buffers by size. */
function dirty(inputs: OperationCase['inputs'], compute: (x: Tensors) => readonly tf.Tensor[]): void {
  const tensors = makeTensors(inputs, true);
  try {
    tf.dispose(tf.tidy(() => [...compute(tensors)]));
  } finally {
    abandonTape();
    tf.dispose(tensors);
  }
}

async function withTensors(
  inputs: OperationCase['inputs'],
  { compute, where }: { compute: (x: Tensors) => readonly tf.Tensor[]; where: string },
) {
  const before = tf.memory().numTensors;
  dirty(inputs, compute);
  const tensors = makeTensors(inputs);
  let outputs: Awaited<ReturnType<typeof read>>;
  try {
    outputs = await read(() => compute(tensors));
  } finally {
    tf.dispose(tensors);
  }
  const left = tf.memory().numTensors - before;
  if (left !== 0) fail(`${where} leaves ${left} tensors`);
  return outputs;
}

/** Compares what the current backend computes with the definition. Internal. */
export async function checkValues({ inputs, compute, expected }: OperationCase, measure: Measure): Promise<void> {
  const { where } = measure;
  const got = await withTensors(inputs, { compute: (x) => listOf<tf.Tensor>(compute(x)), where });
  const right = listOf(expected(inputs));
  if (got.length !== right.length) fail(`${where} must give ${right.length} tensors, got ${got.length}`);
  right.forEach(({ shape, values }, i) => {
    const which = right.length > 1 ? `${where}, output ${i}` : where;
    if (got[i]!.shape.join() !== shape.join()) fail(`${which} must have shape [${shape.join(', ')}], got [${got[i]!.shape.join(', ')}]`);
    compare(got[i]!.values, values, { ...measure, where: which });
  });
}

const WIDTH = 1e-5;
/** Of a large operand so many elements are moved. */
const MOST_MOVED = 24;

/** The derivatives of a function of arrays by the elements of one of them, as central differences in float64. */
function differences(values: Float64Array, f: (moved: Float64Array) => number, places: readonly number[]): number[] {
  return places.map((place) => {
    const [up, down] = [values.slice(), values.slice()];
    const h = WIDTH * Math.max(1, Math.abs(values[place]!));
    up[place]! += h;
    down[place]! -= h;
    return (f(up) - f(down)) / (2 * h);
  });
}

const weigh = (outputs: readonly NdArray[], weights: readonly Operand[]) =>
  outputs.reduce((sum, { values }, i) => values.reduce((part, value, k) => part + value * weights[i]!.values[k]!, sum), 0);

/** Compares the gradients on the current backend with central differences of the definition. Internal. */
export async function checkGradient(
  { inputs, compute, expected, gradients = [] }: OperationCase,
  { draw, ...measure }: Measure & { draw: Draw },
): Promise<void> {
  const outputs = listOf(expected(inputs));
  const weights = outputs.map(({ shape }) => draw.numbers(shape));
  const differentiated = Object.fromEntries(gradients.map((name) => [name, inputs[name]!]));
  const weightsByName = Object.fromEntries(weights.map((one, i) => [`dy ${i}`, one]));
  const along = (x: Tensors) => {
    const moving = gradients.map((name) => x[name]!);
    const loss = (...some: tf.Tensor[]) => {
      const made = listOf<tf.Tensor>(compute({ ...x, ...Object.fromEntries(gradients.map((name, i) => [name, some[i]!])) }));
      if (made.length === 1) return made[0]!;
      return made.map((one, i) => tf.sum(tf.mul(one, x[`dy ${i}`]!))).reduce((a, b) => tf.add(a, b));
    };
    return tf.grads(loss)(moving, weights.length === 1 ? x['dy 0']! : undefined);
  };
  const got = await withTensors({ ...inputs, ...weightsByName }, { compute: along, where: `the gradient of ${measure.where}` });
  Object.entries(differentiated).forEach(([name, { shape, values }], i) => {
    const where = `the gradient of ${measure.where} by \`${name}\``;
    if (got[i]!.shape.join() !== shape.join()) fail(`${where} must have shape [${shape.join(', ')}], got [${got[i]!.shape.join(', ')}]`);
    const places = values.length <= MOST_MOVED ? [...values.keys()] : [...draw.integers([MOST_MOVED], { below: values.length }).values];
    const loss = (moved: Float64Array) => weigh(listOf(expected({ ...inputs, [name]: { shape, values: moved } })), weights);
    compare(
      places.map((place) => got[i]!.values[place]!),
      Float64Array.from(differences(values, loss, places)),
      { ...measure, where },
    );
  });
}

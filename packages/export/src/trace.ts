import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, Constant, Dim, Graph, Node, Value, ValueType } from './graph.ts';
import { record, type RecordedTensor, type Recording } from './record.ts';

/** An input of a traced function. */
export interface TracedInput {
  /** Its name in the graph. */
  readonly name: string;
  /** Its shape: numbers, and names of sizes that may differ from run to run, such as `batch`. */
  readonly shape: readonly (number | string)[];
  /** Its type; default float32. Of int32 the function sees zeros while it is traced. */
  readonly type?: ValueType;
}

/** What {@link trace} is told. */
export interface TraceOptions {
  /** The inputs, in the order in which the function takes them. */
  readonly inputs: readonly TracedInput[];
  /** Names of the outputs, in the order in which the function gives them. */
  readonly outputs: readonly string[];
  /** What each symbolic size may be at most; default no bound. Sizes are tried below it. */
  readonly bounds?: Readonly<Record<string, number>>;
}

/** Sizes that are tried: primes that no network has as a size of its own by chance; two runs differ in one of them. */
const TRIED = [3, 7] as const;

const fail = (message: string): never => {
  throw new SelfsupError('SELFSUP_OPTION', `trace: ${message}`);
};

type Sizes = Readonly<Record<string, number>>;

/** The runs to make: all sizes small, then each of them in turn larger. */
function sizesToTry(symbols: readonly string[], bounds: Sizes): Sizes[] {
  for (const symbol of symbols)
    if ((bounds[symbol] ?? Infinity) < TRIED[1]) fail(`\`bounds.${symbol}\` must be at least ${TRIED[1]}, got ${bounds[symbol]}`);
  const small = Object.fromEntries(symbols.map((symbol) => [symbol, TRIED[0] as number]));
  return [small, ...symbols.map((symbol) => ({ ...small, [symbol]: TRIED[1] }))];
}

/** The number or product that is each of these values at each of these sizes. */
function dimOf(values: readonly number[], tried: readonly Sizes[], where: string): Dim {
  const [first = NaN] = values;
  if (values.every((value) => value === first)) return first;
  const symbols = Object.keys(tried[0]!).filter((_, i) => values[i + 1] !== first);
  const product = (sizes: Sizes) => symbols.reduce((all, symbol) => all * sizes[symbol]!, 1);
  const times = first / product(tried[0]!);
  if (values.every((value, i) => value === times * product(tried[i]!))) return { times, symbols };
  return fail(`${where} depends on the sizes of the inputs in a way that a graph cannot express (${values.join(', ')})`);
}

function attributeOf(values: readonly unknown[], tried: readonly Sizes[], where: string): Attribute {
  const [first] = values;
  if (typeof first === 'number') return dimOf(values as number[], tried, where);
  if (Array.isArray(first) || ArrayBuffer.isView(first)) {
    const lists = values as (readonly unknown[])[];
    if (lists.some(({ length }) => length !== lists[0]!.length)) fail(`${where} has another length for other sizes of the inputs`);
    return Array.from(lists[0]!, (_, i) =>
      attributeOf(
        lists.map((list) => list[i]),
        tried,
        `${where}[${i}]`,
      ),
    );
  }
  if (values.some((value) => value !== first)) fail(`${where} is another one for other sizes of the inputs`);
  return first as Attribute;
}

const typeOf = ({ dtype }: RecordedTensor): ValueType =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool' ? dtype : fail(`values of the type ${dtype} cannot be exported`);

const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};

/** One copy of a constant that consists of equal ones along its first axis; undefined where it does not. */
function oneCopy(data: Float32Array | Int32Array, count: number): Float32Array | Int32Array | undefined {
  const length = data.length / count;
  const copy = data.slice(0, length);
  for (let i = 1; i < count; i++) if (!isSame(copy, data.subarray(i * length, (i + 1) * length))) return undefined;
  return copy;
}

/** Only what the outputs need. */
function pruned(nodes: readonly Node[], outputs: readonly number[]): Node[] {
  const needed = new Set(outputs);
  const kept: Node[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    kept.push(node);
    for (const { value } of node.inputs) needed.add(value);
  }
  return kept.reverse();
}

/**
 * Finds out what a function computes by running it: which kernels, on what, in which order.
 *
 * @param run the function, such as the forward pass of an encoder at inference; it must be synchronous, and what it computes may depend on the values of its inputs
 * only by tensor operations
 * @param options see {@link TraceOptions}
 * @returns the graph; what does not depend on the inputs is computed once and constant
 * @throws SelfsupError `SELFSUP_OPTION` when the function does other things for other sizes of its inputs
 * @remarks It runs once, and once more for each symbolic size, on zeros. Sizes and attributes that differ are written as products of the symbolic sizes. Runs on
 * the backend in force: where that has fused kernels, the graph has them, too.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet } from '@selfsup/encoders';
 * import { trace } from '@selfsup/export';
 * import type * as tf from '@tensorflow/tfjs-core';
 * const encoder = convNet()(createRng(0));
 * const graph = await trace(([images]) => [encoder.apply(images as tf.Tensor4D, { training: false })], {
 *   inputs: [{ name: 'images', shape: ['batch', 32, 32, 3] }],
 *   outputs: ['features'],
 * });
 * ```
 */
export async function trace(
  run: (inputs: readonly tf.Tensor[]) => readonly tf.Tensor[],
  { inputs, outputs, bounds = {} }: TraceOptions,
): Promise<Graph> {
  const symbols = [...new Set(inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === 'string')))];
  const tried = sizesToTry(symbols, bounds);
  const recordings: Recording[] = [];
  for (const sizes of tried) {
    const tensors = inputs.map(({ shape, type = 'float32' }) =>
      tf.zeros(
        shape.map((dim) => (typeof dim === 'string' ? sizes[dim]! : dim)),
        type,
      ),
    );
    try {
      recordings.push(await record((given) => tf.tidy(() => [...run(given)]), tensors));
    } finally {
      tf.dispose(tensors);
    }
  }
  return joined(recordings, { tried, inputs, outputs });
}

/** The graph that does at each size what was recorded there. */
function joined(
  recordings: readonly Recording[],
  { tried, inputs, outputs }: { tried: readonly Sizes[]; inputs: readonly TracedInput[]; outputs: readonly string[] },
): Graph {
  const [first] = recordings as [Recording, ...Recording[]];
  if (recordings.some(({ calls }) => calls.map(({ kernel }) => kernel).join() !== first.calls.map(({ kernel }) => kernel).join()))
    fail('the function runs other kernels for other sizes of its inputs');
  if (first.outputs.length !== outputs.length)
    fail(`the function gives ${first.outputs.length} outputs, \`outputs\` names ${outputs.length}`);
  const values = new Map<number, Value>();
  const constants = new Map<number, Constant>();
  const expanded: Node[] = [];
  const numbers = recordings.map(() => new Map<number, number>()); // by the ids of each recording
  let next = 0;

  const shapeOf = (tensors: readonly RecordedTensor[], where: string): Dim[] =>
    tensors[0]!.shape.map((_, axis) =>
      dimOf(
        tensors.map(({ shape }) => shape[axis]!),
        tried,
        `side ${axis} of ${where}`,
      ),
    );
  const define = (tensors: readonly RecordedTensor[], where: string): number => {
    const number = next++;
    tensors.forEach(({ id }, i) => numbers[i]!.set(id, number));
    values.set(number, { shape: shapeOf(tensors, where), type: typeOf(tensors[0]!) });
    return number;
  };
  /** The same values in all recordings, or equal copies along the first axis: undefined where it is neither. */
  const constantOf = (tensors: readonly RecordedTensor[]): boolean => {
    const data = tensors.map(({ id }, i) => recordings[i]!.constants.get(id));
    if (data.some((list) => list === undefined)) return false;
    const [tensor] = tensors as [RecordedTensor];
    const add = (shape: readonly number[], list: Float32Array | Int32Array) => {
      const number = define([tensor], 'a constant');
      constants.set(number, { shape, type: typeOf(tensor), data: list });
      values.set(number, { shape, type: typeOf(tensor) });
      return number;
    };
    if (data.every((list) => isSame(list!, data[0]!))) {
      const number = add(tensor.shape, data[0]!);
      tensors.forEach(({ id }, i) => numbers[i]!.set(id, number));
      return true;
    }
    if (tensor.shape.length === 0) return false;
    const copies = tensors.map(({ shape }, i) => oneCopy(data[i]!, shape[0]!));
    if (copies.some((copy) => copy === undefined || !isSame(copy, copies[0]!))) return false;
    const shape = shapeOf(tensors, 'a constant');
    const one = add([1, ...tensor.shape.slice(1)], copies[0]!);
    const number = define(tensors, 'a constant');
    expanded.push({ kernel: 'BroadcastTo', inputs: [{ name: 'x', value: one }], attributes: { shape }, outputs: [number] });
    return true;
  };

  const given = inputs.map(({ name }, i) => ({ name, value: define(recordings.map((recording) => recording.inputs[i]!), name) })); // prettier-ignore
  const nodes: Node[] = [];
  for (const [at, call] of first.calls.entries()) {
    const all = recordings.map(({ calls }) => calls[at]!);
    const where = `call ${at + 1}, ${call.kernel}`;
    const outputTensors = call.outputs.map((_, i) => all.map((one) => one.outputs[i]!));
    if (outputTensors.every((tensors) => constantOf(tensors))) continue;
    const used = call.inputs.map(({ name }, i) => {
      const tensors = all.map((one) => one.inputs[i]!.tensor);
      const known = numbers[0]!.get(tensors[0]!.id);
      if (known !== undefined && tensors.every(({ id }, k) => numbers[k]!.get(id) === known)) return { name, value: known };
      if (constantOf(tensors)) return { name, value: numbers[0]!.get(tensors[0]!.id)! };
      return fail(`${where}: \`${name}\` is a constant that depends on the sizes of the inputs`);
    });
    nodes.push(...expanded.splice(0));
    const attributes = Object.fromEntries(
      Object.keys(call.attributes).map((name) => [
        name,
        attributeOf(
          all.map((one) => one.attributes[name]),
          tried,
          `${where}: \`${name}\``,
        ),
      ]),
    );
    nodes.push({ kernel: call.kernel, inputs: used, attributes, outputs: outputTensors.map((tensors) => define(tensors, where)) });
  }
  const results = outputs.map((name, i) => {
    const value = numbers[0]!.get(first.outputs[i]!.id);
    return { name, value: value ?? fail(`the output ${name} was made by no kernel`) };
  });
  for (const { name, value } of results) if (constants.has(value)) fail(`the output ${name} does not depend on the inputs`);
  const kept = pruned(
    nodes,
    results.map(({ value }) => value),
  );
  const needed = new Set([...given, ...results].map(({ value }) => value).concat(kept.flatMap((node) => [...node.inputs.map(({ value }) => value), ...node.outputs]))); // prettier-ignore
  const keep = <T>(map: ReadonlyMap<number, T>) => new Map([...map].filter(([value]) => needed.has(value)));
  return { inputs: given, outputs: results, nodes: kept, values: keep(values), constants: keep(constants) };
}

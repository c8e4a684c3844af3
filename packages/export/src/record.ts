import * as tf from '@tensorflow/tfjs-core';

/** A tensor as a recording knows it. */
export interface RecordedTensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A kernel that ran. */
export interface RecordedCall {
  readonly kernel: string;
  readonly inputs: readonly { readonly name: string; readonly tensor: RecordedTensor }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly RecordedTensor[];
}

/** What a function did when it ran once. */
export interface Recording {
  readonly inputs: readonly RecordedTensor[];
  readonly calls: readonly RecordedCall[];
  readonly outputs: readonly RecordedTensor[];
  /** Values that do not depend on the inputs, by id: weights, literals, and what kernels made of them. */
  readonly constants: ReadonlyMap<number, Float32Array | Int32Array>;
}

type RunKernel = (
  name: string,
  inputs: Record<string, tf.Tensor | readonly tf.Tensor[] | undefined>,
  attributes?: object,
) => tf.Tensor | tf.Tensor[];

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/**
 * Runs a function once and records every kernel that it asks the backend for.
 *
 * @param run gets the inputs, gives the outputs; it must be synchronous
 * @param inputs tensors; they stay the caller's
 * @returns what ran, and all values that do not depend on the inputs
 * @remarks While it runs, `runKernel` of the engine is replaced; it is put back in any case.
 */
export async function record(
  run: (inputs: readonly tf.Tensor[]) => readonly tf.Tensor[],
  inputs: readonly tf.Tensor[],
): Promise<Recording> {
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const original = engine.runKernel.bind(engine);
  const calls: RecordedCall[] = [];
  const dependent = new Set(inputs.map(({ id }) => id));
  const kept = new Map<number, tf.Tensor>();
  const seen = ({ id, shape, dtype }: tf.Tensor): RecordedTensor => ({ id, shape: [...shape], dtype });
  const keep = (tensor: tf.Tensor) => {
    if (!kept.has(tensor.id)) kept.set(tensor.id, tf.keep(original('Identity', { x: tensor }) as tf.Tensor));
  };
  const hadOwn = Object.hasOwn(engine, 'runKernel');
  engine.runKernel = (kernel, given, attributes) => {
    const result = original(kernel, given, attributes);
    const named = Object.entries(given).flatMap(([name, value]) => listOf<tf.Tensor>(value).map((tensor) => ({ name, tensor })));
    const isConstant = named.every(({ tensor }) => !dependent.has(tensor.id));
    for (const { tensor } of named) if (!dependent.has(tensor.id)) keep(tensor);
    for (const output of listOf<tf.Tensor>(result)) {
      if (isConstant) keep(output);
      else dependent.add(output.id);
    }
    calls.push({
      kernel,
      inputs: named.map(({ name, tensor }) => ({ name, tensor: seen(tensor) })),
      attributes: { ...attributes },
      outputs: listOf<tf.Tensor>(result).map(seen),
    });
    return result;
  };
  let outputs: readonly tf.Tensor[];
  try {
    outputs = run(inputs);
  } finally {
    if (hadOwn) engine.runKernel = original;
    else delete (engine as { runKernel?: RunKernel }).runKernel; // the method of its class shows again
  }
  try {
    const constants = new Map<number, Float32Array | Int32Array>();
    for (const [id, tensor] of kept) {
      const data = await tensor.data();
      constants.set(id, tensor.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data));
    }
    return { inputs: inputs.map(seen), calls, outputs: outputs.map(seen), constants };
  } finally {
    tf.dispose([...kept.values(), ...outputs.filter((tensor) => !inputs.includes(tensor))]);
  }
}

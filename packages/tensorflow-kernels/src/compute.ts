import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Attribute, Handle, TensorflowBackend } from './tensorflow-backend.ts';

/** Operations of TensorFlow within one kernel; what they make is freed at its end, but for the outputs. */
export interface Operations {
  /** A tensor of tfjs as TensorFlow has it. */
  input(tensor: TensorInfo): Handle;
  /** Float numbers; one without a shape is a scalar. */
  numbers(values: number | readonly number[]): Handle;
  /** Whole numbers; one without a shape is a scalar. */
  integers(values: number | readonly number[]): Handle;
  /** Runs an operation; `T` is float unless the attributes say otherwise. */
  run(name: string, inputs: readonly Handle[], attributes?: readonly Attribute[]): Handle;
  /** Runs an operation with several outputs. */
  runAll(name: string, inputs: readonly Handle[], options: { attributes: readonly Attribute[]; outputs: number }): Handle[];
  /** The same numbers in another shape. */
  reshape(x: Handle, shape: readonly number[]): Handle;
  /** A sum, mean, maximum … over axes. */
  reduce(name: 'Sum' | 'Mean' | 'Max', x: Handle, options: { axes: readonly number[]; keepDims?: boolean }): Handle;
  readonly attribute: {
    type(name: string, dtype: 'float' | 'int' | 'bool'): Attribute;
    float(name: string, value: number): Attribute;
    int(name: string, value: number): Attribute;
    ints(name: string, value: readonly number[]): Attribute;
    bool(name: string, value: boolean): Attribute;
    string(name: string, value: string): Attribute;
  };
}

/**
 * Computes the outputs of one kernel by operations of TensorFlow, without tensors of tfjs in between.
 *
 * @param backend the backend of tfjs-node
 * @param build runs the operations and returns the outputs, each made by one of them
 * @returns the outputs as tensors of tfjs
 */
export function compute(backend: TensorflowBackend, build: (operations: Operations) => readonly Handle[]): TensorInfo[] {
  const { binding } = backend;
  const made = new Set<number>();
  const keep = (handle: Handle): Handle => {
    made.add(handle.id);
    return handle;
  };
  const types = { float: binding.TF_FLOAT, int: binding.TF_INT32, bool: binding.TF_BOOL };
  const attribute: Operations['attribute'] = {
    type: (name, dtype) => ({ name, type: binding.TF_ATTR_TYPE, value: types[dtype] }),
    float: (name, value) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    ints: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    int: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    bool: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    string: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
  };
  const constant = (values: number | readonly number[], dtype: number): Handle => {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [values.length];
    const typed = dtype === binding.TF_INT32 ? Int32Array.from(list) : Float32Array.from(list);
    return keep({ id: binding.createTensor(shape, dtype, typed), shape, dtype });
  };
  const float = attribute.type('T', 'float');
  const operations: Operations = {
    attribute,
    input: (tensor) => ({
      id: backend.getInputTensorIds([tensor])[0]!,
      shape: tensor.shape,
      dtype: tensor.dtype === 'int32' ? binding.TF_INT32 : binding.TF_FLOAT,
    }),
    numbers: (values) => constant(values, binding.TF_FLOAT),
    integers: (values) => constant(values, binding.TF_INT32),
    run: (name, inputs, attributes = [float]) => operations.runAll(name, inputs, { attributes, outputs: 1 })[0]!,
    runAll: (name, inputs, { attributes, outputs }) =>
      binding
        .executeOp(
          name,
          attributes,
          inputs.map(({ id }) => id),
          outputs,
        )
        .map(keep),
    reshape: (x, shape) =>
      util.arraysEqual([...x.shape], [...shape])
        ? x
        : operations.run(
            'Reshape',
            [x, operations.integers(shape)],
            [attribute.type('T', x.dtype === binding.TF_INT32 ? 'int' : 'float'), attribute.type('Tshape', 'int')],
          ),
    reduce: (name, x, { axes, keepDims = false }) =>
      operations.run(name, [x, operations.integers(axes)], [attribute.bool('keep_dims', keepDims), float, attribute.type('Tidx', 'int')]),
  };
  try {
    const outputs = build(operations);
    for (const { id } of outputs) made.delete(id);
    return outputs.map((output) => backend.createOutputTensor(output));
  } finally {
    for (const id of made) binding.deleteTensor(id);
  }
}

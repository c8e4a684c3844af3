import { SelfsupError } from '@selfsup/core';
import { isFixed, type Dim, type Graph } from '../graph.ts';
import { onnxKernels } from './kernels.ts';
import { createOnnxBuilder, type OnnxSide } from './onnx-builder.ts';
import { castTo, createOnnxScope, type OnnxPrecision } from './onnx-scope.ts';

/** The version of ONNX's operators that files are written in. */
export const OPSET = 17;

/** Options of {@link writeOnnx}. */
export interface WriteOnnxOptions {
  /** How weights are kept: as they are (default), in 16 bits, or rounded to 8 bits, where products are computed in integers, too. Inputs and outputs stay float32. */
  precision?: OnnxPrecision;
  /** The name of the graph; default `encoder`. */
  name?: string;
  /** A sentence about it; default none. */
  description?: string;
  /** Facts that travel with the file, by name; default none. */
  metadata?: Readonly<Record<string, string>>;
}

const sideOf = (dim: Dim): OnnxSide => {
  if (isFixed(dim)) return dim;
  const product = dim.symbols.join('*');
  return dim.times === 1 ? product : `${dim.times}*${product}`;
};

/**
 * Writes a graph as an ONNX model: opset 17, IR version 8, sizes that are open by name.
 *
 * @param graph from `trace`
 * @param options see {@link WriteOnnxOptions}
 * @returns the bytes of a `.onnx` file
 * @throws SelfsupError `SELFSUP_OPTION` naming what ONNX has no operator for, or when the weights take more than 2 GiB
 * @see https://onnx.ai/onnx/repo-docs/IR.html
 * @remarks Inputs of rank 4 are images: in the file they are `[batch, channels, height, width]`, as its users expect; ours are `[batch, height, width, channels]`. Integers are
 * int64.
 */
export function writeOnnx(graph: Graph, options: WriteOnnxOptions = {}): Uint8Array {
  const { precision = 'fp32', name: title = 'encoder', ...facts } = options;
  const unknown = [...new Set(graph.nodes.map(({ kernel }) => kernel))].filter((kernel) => !Object.hasOwn(onnxKernels, kernel));
  if (unknown.length > 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `writeOnnx: the network uses ${unknown.join(', ')}, which cannot be written as ONNX yet; use the encoder in JavaScript by loadEncoder, or another readout`,
    );
  const builder = createOnnxBuilder();
  const symbols = new Map<string, { input: string; axis: number }>();
  const isImage = (shape: readonly Dim[]) => shape.length === 4;
  for (const { name, value } of graph.inputs) {
    const { shape } = graph.values.get(value)!;
    const turned = isImage(shape) ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape;
    for (const [axis, dim] of turned.entries())
      if (!isFixed(dim) && dim.times === 1 && dim.symbols.length === 1) symbols.set(dim.symbols[0]!, { input: name, axis });
  }
  const scope = createOnnxScope(graph, builder, { precision, symbols });
  for (const { name, value } of graph.inputs) {
    const { shape, type } = graph.values.get(value)!;
    const turned = isImage(shape) ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape;
    builder.input({ name, type: type === 'float32' ? 'float32' : scope.typeOf(type), shape: turned.map(sideOf) });
    const inside = type === 'float32' && precision === 'fp16' ? builder.node('Cast', [name], { to: castTo('float16') }) : name;
    scope.define(value, inside, isImage(shape) ? 'nchw' : 'plain');
  }
  for (const node of graph.nodes) onnxKernels[node.kernel]!(node, scope);
  for (const { name, value } of graph.outputs) {
    const { shape, type } = graph.values.get(value)!;
    if (type === 'float32' && precision === 'fp16') builder.node('Cast', [scope.name(value)], { to: castTo('float32') }, [name]);
    else builder.node('Identity', [scope.name(value)], {}, [name]);
    builder.output({ name, type: type === 'float32' ? 'float32' : scope.typeOf(type), shape: shape.map(sideOf) });
  }
  return builder.encode({ ...facts, opset: OPSET, name: title });
}

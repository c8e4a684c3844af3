import { SelfsupError } from '@selfsup/core';
import { isFixed, type Dim, type Graph, type Value } from '../graph.ts';
import { attributes, createGraphModelBuilder } from './graph-model-builder.ts';
import { graphModelKernels, openAsMinusOne, type GraphModelScope } from './kernels.ts';

/** Options of {@link writeGraphModel}. */
export interface WriteGraphModelOptions {
  /** A sentence about it; default none. */
  description?: string;
  /** Facts that travel with the model, by name; default none. */
  metadata?: Readonly<Record<string, string>>;
}

const integers = { T: attributes.type('int32') };

/**
 * Writes a graph as a graph model of TensorFlow.js, for `tf.loadGraphModel`.
 *
 * @param graph from `trace`
 * @param options see {@link WriteGraphModelOptions}
 * @returns the files by name: `model.json` and `weights.bin`
 * @throws SelfsupError `SELFSUP_OPTION` naming what cannot be written
 * @remarks Images are `[batch, height, width, channels]`, as in the graph. A graph with two open sizes, such as one of texts, reads sizes while it runs; on WebGPU, which cannot do
 * that, use `loadEncoder`.
 */
export function writeGraphModel(graph: Graph, options: WriteGraphModelOptions = {}): Record<string, Uint8Array> {
  const unknown = [...new Set(graph.nodes.map(({ kernel }) => kernel))].filter((kernel) => !Object.hasOwn(graphModelKernels, kernel));
  if (unknown.length > 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `writeGraphModel: the network uses ${unknown.join(', ')}, which cannot be written as a graph model yet; use loadEncoder, or another readout`,
    );
  const builder = createGraphModelBuilder();
  const names = new Map<number, string>();
  const symbols = new Map<string, { input: string; axis: number }>();
  const sizeNames = new Map<string, string>();
  const valueOf = (value: number): Value => graph.values.get(value)!;
  const sizeOf = (symbol: string): string => {
    const known = sizeNames.get(symbol);
    if (known !== undefined) return known;
    const { input, axis } = symbols.get(symbol)!;
    const all = builder.node('Shape', [input], { T: attributes.type('float32'), out_type: attributes.type('int32') });
    const name = builder.node('Slice', [all, builder.integers([axis]), builder.integers([1])], integers);
    sizeNames.set(symbol, name);
    return name;
  };
  const scope: GraphModelScope = {
    ...{ graph, builder, valueOf },
    name(value) {
      const known = names.get(value);
      if (known !== undefined) return known;
      const constant = graph.constants.get(value);
      if (!constant) throw new SelfsupError('SELFSUP_STATE', `writeGraphModel: value ${value} is used before it is made`);
      const name = builder.constant(constant.data, constant.shape, constant.type);
      names.set(value, name);
      return name;
    },
    sizes(dims) {
      if (dims.every(isFixed)) return builder.integers(dims);
      const parts = dims.map((dim: Dim) => {
        if (isFixed(dim)) return builder.integers([dim]);
        const factors = dim.symbols.map(sizeOf);
        const all = dim.times === 1 ? factors : [builder.integers([dim.times]), ...factors];
        return all.reduce((product, factor) => builder.node('Mul', [product, factor], integers));
      });
      if (parts.length === 1) return parts[0]!;
      return builder.node('ConcatV2', [...parts, builder.constant(Int32Array.of(0), [], 'int32')], { ...integers, N: { i: String(parts.length) } }); // prettier-ignore
    },
    reshape(x, shape) {
      const open = shape.filter((dim) => !isFixed(dim)).length;
      const target = open === 1 ? builder.integers(openAsMinusOne(shape)) : scope.sizes(shape);
      return builder.node('Reshape', [x, target], { T: attributes.type('float32') });
    },
  };
  for (const { name, value } of graph.inputs) {
    const { shape, type } = valueOf(value);
    builder.input({ name, type, shape: openAsMinusOne(shape) });
    names.set(value, name);
    for (const [axis, dim] of shape.entries())
      if (!isFixed(dim) && dim.times === 1 && dim.symbols.length === 1) symbols.set(dim.symbols[0]!, { input: name, axis });
  }
  for (const node of graph.nodes) names.set(node.outputs[0]!, graphModelKernels[node.kernel]!(node, scope));
  for (const { name, value } of graph.outputs) {
    const { shape, type } = valueOf(value);
    builder.node('Identity', [scope.name(value)], { T: attributes.type(type) }, name);
    builder.output({ name, type, shape: openAsMinusOne(shape) });
  }
  return builder.files(options);
}

import { SelfsupError } from '@selfsup/core';
import { isFixed, type Constant, type Dim, type Graph, type Value, type ValueType } from '../graph.ts';
import { bytesOf, int64Tensor, type OnnxAttribute, type OnnxBuilder } from './onnx-builder.ts';
import { dataTypes, type OnnxType } from './onnx-schema.ts';
import { asFloat16, quantize, WORTH_ROUNDING } from './quantize.ts';

/** How weights are kept and products computed. */
export type OnnxPrecision = 'fp32' | 'fp16' | 'int8';

/** The two ways in which images lie in memory: ours, and the one that ONNX computes with. */
export type Layout = 'plain' | 'nchw';

/** The order of axes that turns images from one layout into the other. */
const TURNS: Readonly<Record<Layout, readonly number[]>> = { nchw: [0, 3, 1, 2], plain: [0, 2, 3, 1] };

/** What the writers of single kernels work with. */
export interface OnnxScope {
  readonly graph: Graph;
  readonly builder: OnnxBuilder;
  readonly precision: OnnxPrecision;
  /** Shape and type of a value. */
  readonly valueOf: (value: number) => Value;
  /** The constant that a value is; undefined where it is none. */
  readonly constantOf: (value: number) => Constant | undefined;
  /** The name under which a value lies in this layout, which is made where it is not there yet; images alone have two. */
  readonly name: (value: number, layout?: Layout) => string;
  /** Whether an image lies in the layout of ONNX already. */
  readonly isTurned: (value: number) => boolean;
  /** Says that a value lies under this name. */
  readonly define: (value: number, name: string, layout?: Layout) => void;
  /** All names of a value become names of another one. */
  readonly alias: (value: number, of: number) => void;
  /** Adds a node; gives the name of its first output. */
  readonly node: (
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: readonly string[],
  ) => string;
  /** Sizes as a tensor of int64. */
  readonly sizes: (dims: readonly Dim[]) => string;
  /** The shape of a Reshape: with −1 for a size that is open, if it is the only one. */
  readonly reshape: (input: string, shape: readonly Dim[]) => string;
  /** A constant of float32 values, in the precision of the file. */
  readonly floats: (data: Float32Array, shape: readonly number[]) => string;
  /** Weights of a convolution or a table, rounded where the precision asks for it; `axis` is the one whose indices are rounded apart. */
  readonly weights: (data: Float32Array, shape: readonly number[], axis: number) => string;
  /** The type of ONNX of a type of ours. */
  readonly typeOf: (type: ValueType) => OnnxType;
}

/** What {@link createOnnxScope} is told. */
export interface OnnxScopeOptions {
  readonly precision: OnnxPrecision;
  /** Where each symbolic size is found: an input by name, and an axis of it. */
  readonly symbols: ReadonlyMap<string, { readonly input: string; readonly axis: number }>;
}

/** Starts the work on a graph. */
export function createOnnxScope(graph: Graph, builder: OnnxBuilder, { precision, symbols }: OnnxScopeOptions): OnnxScope {
  const names = new Map<number, Partial<Record<Layout, string>>>();
  const sizeNames = new Map<string, string>();
  const valueOf = (value: number): Value => {
    const found = graph.values.get(value);
    if (found) return found;
    throw new SelfsupError('SELFSUP_STATE', `writeOnnx: the graph has no value ${value}`);
  };
  const floatType: OnnxType = precision === 'fp16' ? 'float16' : 'float32';
  const scope: OnnxScope = {
    ...{ graph, builder, precision, valueOf },
    constantOf: (value) => graph.constants.get(value),
    typeOf: (type) => ({ float32: floatType, int32: 'int64', bool: 'bool' })[type] as OnnxType,
    isTurned: (value) => names.get(value)?.nchw !== undefined,
    name(value, layout = 'plain') {
      const known = names.get(value) ?? {};
      if (known[layout] !== undefined) return known[layout];
      const constant = graph.constants.get(value);
      if (constant && layout === 'plain') {
        const { data, shape, type } = constant;
        const name =
          type === 'float32'
            ? scope.floats(data as Float32Array, shape)
            : builder.constant(type === 'bool' ? { type: 'bool', shape, bytes: Uint8Array.from(data) } : int64Tensor(data, shape));
        names.set(value, { ...known, plain: name });
        return name;
      }
      const other: Layout = layout === 'plain' ? 'nchw' : 'plain';
      const from = known[other] ?? (constant && scope.name(value, 'plain'));
      if (from === undefined) throw new SelfsupError('SELFSUP_STATE', `writeOnnx: value ${value} is used before it is made`);
      const name = builder.node('Transpose', [from], { perm: TURNS[layout] });
      names.set(value, { ...names.get(value), [layout]: name });
      return name;
    },
    define(value, name, layout = 'plain') {
      names.set(value, { ...names.get(value), [layout]: name });
    },
    alias(value, of) {
      if (graph.constants.has(of)) scope.name(of);
      names.set(value, { ...names.get(of) });
    },
    node: (...args) => builder.node(...args),
    sizes(dims) {
      if (dims.every(isFixed)) return builder.integers(dims);
      const parts = dims.map((dim) => {
        if (isFixed(dim)) return builder.integers([dim]);
        const factors = dim.symbols.map((symbol) => {
          const known = sizeNames.get(symbol);
          if (known !== undefined) return known;
          const { input, axis } = symbols.get(symbol)!;
          const name = builder.node('Shape', [input], { start: axis, end: axis + 1 });
          sizeNames.set(symbol, name);
          return name;
        });
        const all = dim.times === 1 ? factors : [builder.integers([dim.times]), ...factors];
        return all.reduce((product, factor) => builder.node('Mul', [product, factor]));
      });
      return parts.length === 1 ? parts[0]! : builder.node('Concat', parts, { axis: 0 });
    },
    reshape(input, shape) {
      const open = shape.filter((dim) => !isFixed(dim)).length;
      const target = open === 1 ? builder.integers(shape.map((dim) => (isFixed(dim) ? dim : -1))) : scope.sizes(shape);
      return builder.node('Reshape', [input, target]);
    },
    floats(data, shape) {
      if (precision === 'fp16') return builder.constant({ type: 'float16', shape, bytes: bytesOf(asFloat16(data)) });
      return builder.constant({ type: 'float32', shape, bytes: bytesOf(data) });
    },
    weights(data, shape, axis) {
      if (precision !== 'int8' || data.length < WORTH_ROUNDING) return scope.floats(data, shape);
      const { values, scales } = quantize(data, shape, axis);
      const rounded = builder.constant({ type: 'int8', shape, bytes: bytesOf(values) });
      const factors = builder.constant({ type: 'float32', shape: [scales.length], bytes: bytesOf(scales) });
      return builder.node('DequantizeLinear', [rounded, factors], { axis });
    },
  };
  return scope;
}

/** The number of a type of ONNX, for `Cast`. */
export const castTo = (type: OnnxType): number => dataTypes[type];

/** Whether products with these weights are done in integers. */
export const inIntegers = ({ precision }: OnnxScope, { data, type }: Constant): boolean =>
  precision === 'int8' && type === 'float32' && data.length >= WORTH_ROUNDING;

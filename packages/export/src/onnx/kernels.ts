import { SelfsupError } from '@selfsup/core';
import { argument, isFixed, type Attribute, type Constant, type Dim, type Node } from '../graph.ts';
import { castTo, inIntegers, type OnnxScope } from './onnx-scope.ts';
import { int64Tensor } from './onnx-builder.ts';
import { quantize } from './quantize.ts';

/** Writes a kernel of TensorFlow.js as operators of ONNX, and defines its outputs. */
type Write = (node: Node, scope: OnnxScope) => void;

const input = (node: Node, name: string): number => {
  const value = argument(node, name);
  if (value !== undefined) return value;
  throw new SelfsupError('SELFSUP_STATE', `writeOnnx: the kernel ${node.kernel} lacks its argument ${name}`);
};

/** Integers of an attribute that is a number or a list. */
const integersOf = (attribute: Attribute): number[] => (Array.isArray(attribute) ? attribute.flat(2) : [attribute]).map(Number);
const dimsOf = (attribute: Attribute): readonly Dim[] => attribute as readonly Dim[];
const rankOf = (scope: OnnxScope, value: number): number => scope.valueOf(value).shape.length;
const isImage = (scope: OnnxScope, value: number): boolean => rankOf(scope, value) === 4;
const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
/** Where an axis of ours lies in the layout of ONNX. */
const turnedAxis = (axis: number): number => [0, 2, 3, 1][axis]!;

/** One operator on each value. */
const unary =
  (write: (x: string, scope: OnnxScope, node: Node) => string): Write =>
  (node, scope) => {
    const x = input(node, 'x');
    const layout = isImage(scope, x) && scope.isTurned(x) ? 'nchw' : 'plain';
    scope.define(node.outputs[0]!, write(scope.name(x, layout), scope, node), layout);
  };
const plainUnary = (opType: string): Write => unary((x, scope) => scope.node(opType, [x]));

/** A constant per channel for images that lie in the layout of ONNX; undefined where it is something else. */
function perChannel({ shape, data, type }: Constant): { shape: readonly number[]; data: Float32Array } | undefined {
  if (type !== 'float32') return undefined;
  if (data.length === 1) return { shape: [], data: data as Float32Array };
  const channels = shape.at(-1);
  return channels === data.length ? { shape: [channels, 1, 1], data: data as Float32Array } : undefined;
}

const binary =
  (opType: string): Write =>
  (node, scope) => {
    const pair = [input(node, 'a'), input(node, 'b')] as const;
    const isTurned = pair.some((value) => isImage(scope, value) && scope.isTurned(value));
    const turned = pair.map((value) => {
      const constant = scope.constantOf(value);
      const factor = constant && perChannel(constant);
      if (factor) return () => scope.floats(factor.data, factor.shape);
      return isImage(scope, value) ? () => scope.name(value, 'nchw') : undefined;
    });
    const output = node.outputs[0]!;
    if (isTurned && isImage(scope, output) && turned.every((name) => name !== undefined))
      scope.define(output, scope.node(opType, turned.map((name) => name())), 'nchw'); // prettier-ignore
    else scope.define(output, scope.node(opType, pair.map((value) => scope.name(value)))); // prettier-ignore
  };

/** A matrix of weights with its last two axes in the order that a product takes. */
function turnedMatrix({ data, shape, type }: Constant, transpose: boolean): Constant {
  if (!transpose) return { data, shape, type };
  const [rows, columns] = shape.slice(-2) as [number, number];
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += rows * columns)
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[start + j * rows + i] = data[start + i * columns + j]!;
  return { data: result, shape: [...shape.slice(0, -2), columns, rows], type };
}

/** a·b, where a matrix of weights may be rounded to integers. */
function product(scope: OnnxScope, a: string, b: number, transposeB: boolean): string {
  const constant = scope.constantOf(b);
  if (!constant) return scope.node('MatMul', [a, transposeB ? turnLast(scope, scope.name(b), rankOf(scope, b)) : scope.name(b)]);
  const isShared = scope.graph.nodes.filter(({ inputs }) => inputs.some(({ value }) => value === b)).length > 1;
  if (isShared && transposeB && !inIntegers(scope, constant))
    // kept once, such as a word embedding that is the output layer, too
    return scope.node('MatMul', [a, turnLast(scope, scope.name(b), constant.shape.length)]);
  const matrix = turnedMatrix(constant, transposeB);
  const { shape, data } = matrix;
  const size = shape.slice(-2).reduce((all, side) => all * side, 1);
  const flat = data.length === size ? shape.slice(-2) : shape; // leading axes of 1 say nothing
  if (!inIntegers(scope, matrix) || flat.length !== 2) return scope.node('MatMul', [a, scope.floats(data as Float32Array, flat)]);
  const { values, scales } = quantize(data as Float32Array, flat, 1);
  const weights = scope.builder.constant({ type: 'int8', shape: flat, bytes: new Uint8Array(values.buffer) });
  const factors = scope.builder.constant({ type: 'float32', shape: [scales.length], bytes: new Uint8Array(scales.buffer) });
  const zero = scope.builder.constant({ type: 'int8', shape: [], bytes: Uint8Array.of(0) });
  const stem = `${a}_${weights}`;
  const [rounded, scale, point] = [`${stem}_rounded`, `${stem}_scale`, `${stem}_zero`];
  scope.node('DynamicQuantizeLinear', [a], {}, [rounded, scale, point]);
  const sums = scope.node('MatMulInteger', [rounded, weights, point, zero]);
  return scope.node('Mul', [scope.node('Cast', [sums], { to: castTo('float32') }), scope.node('Mul', [scale, factors])]);
}

/** A tensor with its last two axes changed. */
function turnLast(scope: OnnxScope, name: string, rank: number): string {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return scope.node('Transpose', [name], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
}

const matMul: Write = (node, scope) => {
  const [a, b] = [input(node, 'a'), input(node, 'b')];
  const { transposeA, transposeB, activation = 'linear' } = node.attributes;
  const left = transposeA === true ? turnLast(scope, scope.name(a), rankOf(scope, a)) : scope.name(a);
  let result = product(scope, left, b, transposeB === true);
  const rank = rankOf(scope, node.outputs[0]!);
  if (scope.constantOf(b) && rankOf(scope, a) !== rank) result = scope.reshape(result, scope.valueOf(node.outputs[0]!).shape);
  const bias = argument(node, 'bias');
  if (bias !== undefined) result = scope.node('Add', [result, scope.name(bias)]);
  scope.define(node.outputs[0]!, activated(scope, result, activation));
};

function activated(scope: OnnxScope, x: string, activation: Attribute): string {
  if (typeof activation !== 'string' || activation === 'linear') return x;
  const names: Readonly<Record<string, string>> = { relu: 'Relu', sigmoid: 'Sigmoid', elu: 'Elu', tanh: 'Tanh' };
  const opType = names[activation];
  if (opType !== undefined) return scope.node(opType, [x]);
  throw new SelfsupError('SELFSUP_OPTION', `writeOnnx: the activation ${activation} within a product cannot be written yet`);
}

/** Padding of a window as ONNX has it. */
function padding(pad: Attribute): { auto_pad?: string; pads?: number[] } {
  if (pad === 'valid') return {};
  if (pad === 'same') return { auto_pad: 'SAME_UPPER' };
  if (typeof pad === 'number') return pad === 0 ? {} : { pads: [pad, pad, pad, pad] };
  const sides = integersOf(pad);
  const [top, bottom, left, right] = (sides.length === 8 ? sides.slice(2, 6) : sides) as [number, number, number, number];
  return { pads: [top, left, bottom, right] };
}

const both = (attribute: Attribute): number[] => {
  const values = integersOf(attribute);
  return values.length === 1 ? [values[0]!, values[0]!] : values;
};

/** `[height, width, a, b]` with its axes in another order. */
function turnFilter({ data, shape }: Constant, order: readonly number[]): { data: Float32Array; shape: number[] } {
  const sides = order.map((axis) => shape[axis]!);
  const strides = order.map((axis) => shape.slice(axis + 1).reduce((all, side) => all * side, 1));
  const result = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < sides[0]!; i++)
    for (let j = 0; j < sides[1]!; j++)
      for (let k = 0; k < sides[2]!; k++)
        for (let l = 0; l < sides[3]!; l++) result[at++] = data[i * strides[0]! + j * strides[1]! + k * strides[2]! + l * strides[3]!]!;
  return { data: result, shape: sides };
}

const convolution =
  (depthwise: boolean): Write =>
  (node, scope) => {
    const { strides, pad, dilations = 1 } = node.attributes;
    const filter = scope.constantOf(input(node, 'filter'));
    if (!filter) throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: the filter of a convolution must be constant');
    const [height, width, channels, last] = filter.shape as [number, number, number, number];
    const turned = turnFilter(filter, depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);
    const shape = depthwise ? [channels * last, 1, height, width] : turned.shape;
    const weights = scope.weights(turned.data, shape, 0);
    const attributes = { kernel_shape: [height, width], strides: both(strides), dilations: both(dilations), ...padding(pad) };
    const x = scope.name(input(node, 'x'), 'nchw');
    scope.define(node.outputs[0]!, scope.node('Conv', [x, weights], { ...attributes, ...(depthwise && { group: channels }) }), 'nchw');
  };

const pool =
  (opType: string, more: Readonly<Record<string, number>>): Write =>
  (node, scope) => {
    const { filterSize, strides, pad, dimRoundingMode } = node.attributes;
    const attributes = { kernel_shape: both(filterSize), strides: both(strides), ...padding(pad), ...more };
    const rounding = dimRoundingMode === 'ceil' ? { ceil_mode: 1 } : {};
    scope.define(node.outputs[0]!, scope.node(opType, [scope.name(input(node, 'x'), 'nchw')], { ...attributes, ...rounding }), 'nchw');
  };

const batchNorm: Write = (node, scope) => {
  const [x, mean, variance, offset, scale] = ['x', 'mean', 'variance', 'offset', 'scale'].map((name) => argument(node, name));
  const channels = scope.valueOf(x!).shape.at(-1) as number;
  const vector = (value: number | undefined, otherwise: number) => {
    const constant = value === undefined ? undefined : scope.constantOf(value);
    if (value !== undefined && constant?.data.length !== channels)
      throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: the statistics of a batch normalization must be constant, one per channel');
    return scope.floats((constant?.data as Float32Array | undefined) ?? new Float32Array(channels).fill(otherwise), [channels]);
  };
  const epsilon = { epsilon: { float: Number(node.attributes['varianceEpsilon']) } };
  const names = [vector(scale, 1), vector(offset, 0), vector(mean, 0), vector(variance, 1)];
  scope.define(node.outputs[0]!, scope.node('BatchNormalization', [scope.name(x!, 'nchw'), ...names], epsilon), 'nchw');
};

const reduction =
  (opType: string): Write =>
  (node, scope) => {
    const x = input(node, 'x');
    const rank = rankOf(scope, x);
    const { axis, keepDims = false } = node.attributes;
    const given = axis ?? node.attributes['reductionIndices'];
    const axes =
      given === undefined || given === null ? Array.from({ length: rank }, (_, i) => i) : integersOf(given).map((a) => positive(a, rank));
    const turned = rank === 4 && scope.isTurned(x);
    const keepdims = keepDims === true ? 1 : 0;
    const ofOnnx = turned ? axes.map(turnedAxis).sort((a, b) => a - b) : axes;
    const name = scope.name(x, turned ? 'nchw' : 'plain');
    const reduced =
      opType === 'ReduceSum'
        ? scope.node(opType, [name, scope.builder.integers(ofOnnx)], { keepdims })
        : scope.node(opType, [name], { axes: ofOnnx, keepdims });
    const output = node.outputs[0]!;
    if (!turned) scope.define(output, reduced);
    else if (keepdims === 1) scope.define(output, reduced, 'nchw');
    else {
      // what is left of [n, channels, height, width] goes back into our order
      const [rest, left] = [
        [0, 1, 2, 3],
        [0, 3, 1, 2],
      ].map((order) => order.filter((a) => !axes.includes(a))) as [number[], number[]];
      const perm = rest.map((a) => left.indexOf(a));
      const inOrder = perm.every((from, to) => from === to);
      scope.define(output, inOrder ? reduced : scope.node('Transpose', [reduced], { perm }));
    }
  };

const reshape: Write = (node, scope) => {
  const [x, y] = [input(node, 'x'), node.outputs[0]!];
  const [from, to] = [scope.valueOf(x).shape, scope.valueOf(y).shape];
  if (JSON.stringify(from) === JSON.stringify(to)) scope.alias(y, x);
  else scope.define(y, scope.reshape(scope.name(x), to));
};

const identity: Write = (node, scope) => {
  scope.alias(node.outputs[0]!, input(node, 'x'));
};

const square: Write = unary((x, scope) => scope.node('Mul', [x, x]));

/** x · Φ(x), by the error function or by its approximation with tanh. */
const gelu: Write = unary((x, scope, { attributes }) => {
  const number = (value: number) => scope.floats(Float32Array.of(value), []);
  const half = () => number(0.5);
  const bent =
    attributes['approximate'] === 'tanh'
      ? scope.node('Tanh', [
          scope.node('Mul', [
            scope.node('Mul', [x, number(Math.sqrt(2 / Math.PI))]),
            scope.node('Add', [scope.node('Mul', [scope.node('Mul', [x, x]), number(0.044715)]), number(1)]),
          ]),
        ])
      : scope.node('Erf', [scope.node('Mul', [x, number(Math.SQRT1_2)])]);
  return scope.node('Mul', [scope.node('Mul', [x, scope.node('Add', [bent, number(1)])]), half()]);
});

const layerNorm: Write = (node, scope) => {
  const [x, scale, offset] = ['x', 'scale', 'offset'].map((name) => scope.name(input(node, name)));
  const epsilon = { float: Number(node.attributes['epsilon']) };
  scope.define(node.outputs[0]!, scope.node('LayerNormalization', [x!, scale!, offset!], { axis: -1, epsilon }));
};

const softmax: Write = (node, scope) => {
  const [x, mask] = [scope.name(argument(node, 'x') ?? input(node, 'logits')), argument(node, 'mask')];
  const scale = Number(node.attributes['scale'] ?? 1);
  const scaled = scale === 1 ? x : scope.node('Mul', [x, scope.floats(Float32Array.of(scale), [])]);
  const masked = mask === undefined ? scaled : scope.node('Add', [scaled, scope.name(mask)]);
  scope.define(node.outputs[0]!, scope.node('Softmax', [masked], { axis: -1 }));
};

const groupNorm: Write = (node, scope) => {
  const x = input(node, 'x');
  const [scale, offset] = ['scale', 'offset'].map((name) => scope.constantOf(input(node, name)));
  const { numGroups, epsilon } = node.attributes;
  const groups = Number(numGroups);
  const { shape } = scope.valueOf(x);
  if (shape.length !== 4 || !scale || !offset)
    throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: a group normalization must be of images, its scale and offset constant');
  const [batch, height, width, channels] = shape as readonly [Dim, Dim, Dim, number];
  const turned = scope.name(x, 'nchw');
  const grouped = scope.node('Reshape', [turned, scope.builder.integers([0, groups, -1])]);
  const [ones, zeros] = [new Float32Array(groups).fill(1), new Float32Array(groups)].map((data) => scope.floats(data, [groups]));
  const normalized = scope.node('InstanceNormalization', [grouped, ones!, zeros!], { epsilon: { float: Number(epsilon) } });
  const images = scope.reshape(normalized, [batch, channels, height, width]);
  const vector = ({ data }: Constant) => scope.floats(data as Float32Array, [channels, 1, 1]);
  const scaled = scope.node('Add', [scope.node('Mul', [images, vector(scale)]), vector(offset)]);
  scope.define(node.outputs[0]!, scaled, 'nchw');
};

const concat: Write = (node, scope) => {
  const values = node.inputs.map(({ value }) => value);
  const axis = positive(Number(node.attributes['axis']), rankOf(scope, values[0]!));
  const turned = values.every((value) => isImage(scope, value) && scope.isTurned(value));
  const names = values.map((value) => scope.name(value, turned ? 'nchw' : 'plain'));
  scope.define(node.outputs[0]!, scope.node('Concat', names, { axis: turned ? turnedAxis(axis) : axis }), turned ? 'nchw' : 'plain');
};

/** Up to the end of an axis. */
const END = 2 ** 31 - 1;

const sum = (a: Dim, b: Dim): Dim => {
  if (isFixed(a) && isFixed(b)) return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: a slice must begin or end at a number');
};

const slice: Write = (node, scope) => {
  const x = input(node, 'x');
  const [begin, size] = [dimsOf(node.attributes['begin']), dimsOf(node.attributes['size'])];
  const ends = begin.map((start, axis) => (size[axis] === -1 ? END : sum(start, size[axis]!)));
  const axes = scope.builder.integers(begin.map((_, axis) => axis));
  scope.define(node.outputs[0]!, scope.node('Slice', [scope.name(x), scope.sizes(begin), scope.sizes(ends), axes]));
};

const reverse: Write = (node, scope) => {
  const x = input(node, 'x');
  const turned = isImage(scope, x) && scope.isTurned(x);
  const rank = rankOf(scope, x);
  const axes = integersOf(node.attributes['dims']).map((axis) => (turned ? turnedAxis(positive(axis, rank)) : positive(axis, rank)));
  const all = (value: number) => scope.builder.integers(axes.map(() => value));
  const names = [scope.name(x, turned ? 'nchw' : 'plain'), all(-1), all(-END), scope.builder.integers(axes), all(-1)];
  scope.define(node.outputs[0]!, scope.node('Slice', names), turned ? 'nchw' : 'plain');
};

const gather: Write = (node, scope) => {
  const { axis = 0, batchDims = 0 } = node.attributes;
  if (batchDims !== 0) throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: a gather with batch dimensions cannot be written yet');
  const x = input(node, 'x');
  const table = scope.constantOf(x);
  const name =
    table?.type === 'float32' && table.shape.length === 2 ? scope.weights(table.data as Float32Array, table.shape, 0) : scope.name(x);
  scope.define(node.outputs[0]!, scope.node('Gather', [name, scope.name(input(node, 'indices'))], { axis: Number(axis) }));
};

const transpose: Write = (node, scope) => {
  scope.define(node.outputs[0]!, scope.node('Transpose', [scope.name(input(node, 'x'))], { perm: integersOf(node.attributes['perm']) }));
};

const cast: Write = unary((x, scope, { attributes }) => {
  const to = scope.typeOf(attributes['dtype'] as 'float32' | 'int32' | 'bool');
  return scope.node('Cast', [x], { to: castTo(to) });
});

const clip: Write = unary((x, scope, { attributes }) => {
  const bound = (name: string) => scope.floats(Float32Array.of(Number(attributes[name])), []);
  return scope.node('Clip', [x, bound('clipValueMin'), bound('clipValueMax')]);
});

const broadcast: Write = (node, scope) => {
  const shape = dimsOf(node.attributes['shape']);
  scope.define(node.outputs[0]!, scope.node('Expand', [scope.name(input(node, 'x')), scope.sizes(shape)]));
};

const tile: Write = (node, scope) => {
  const reps = dimsOf(node.attributes['reps']);
  scope.define(node.outputs[0]!, scope.node('Tile', [scope.name(input(node, 'x')), scope.sizes(reps)]));
};

const pad: Write = (node, scope) => {
  const sides = node.attributes['paddings'] as readonly (readonly number[])[];
  const pads = scope.builder.constant(int64Tensor([...sides.map(([before]) => before!), ...sides.map(([, after]) => after!)], [2 * sides.length])); // prettier-ignore
  const value = scope.floats(Float32Array.of(Number(node.attributes['constantValue'] ?? 0)), []);
  scope.define(node.outputs[0]!, scope.node('Pad', [scope.name(input(node, 'x')), pads, value], { mode: 'constant' }));
};

const select: Write = (node, scope) => {
  const names = ['condition', 't', 'e'].map((name) => scope.name(input(node, name)));
  scope.define(node.outputs[0]!, scope.node('Where', names));
};

const cumsum: Write = (node, scope) => {
  const { axis, exclusive, reverse: backwards } = node.attributes;
  const x = input(node, 'x');
  const at = scope.builder.constant(int64Tensor([positive(Number(axis), rankOf(scope, x))], []));
  const flags = { exclusive: exclusive === true ? 1 : 0, reverse: backwards === true ? 1 : 0 };
  scope.define(node.outputs[0]!, scope.node('CumSum', [scope.name(x), at], flags));
};

const addAll: Write = (node, scope) => {
  const values = node.inputs.map(({ value }) => value);
  const turned = values.every((value) => isImage(scope, value) && scope.isTurned(value));
  const names = values.map((value) => scope.name(value, turned ? 'nchw' : 'plain'));
  scope.define(node.outputs[0]!, scope.node('Sum', names), turned ? 'nchw' : 'plain');
};

/** Images in another size, by the four pixels around each place; beyond the border lies the border. */
const resizeBilinear: Write = (node, scope) => {
  const { alignCorners, halfPixelCenters } = node.attributes;
  const places = halfPixelCenters === true ? 'half_pixel' : alignCorners === true ? 'align_corners' : 'asymmetric';
  const output = node.outputs[0]!;
  const [batch, height, width, channels] = scope.valueOf(output).shape as readonly [Dim, Dim, Dim, Dim];
  const names = [scope.name(input(node, 'images'), 'nchw'), '', '', scope.sizes([batch, channels, height, width])]; // without region and factors
  scope.define(output, scope.node('Resize', names, { mode: 'linear', coordinate_transformation_mode: places }), 'nchw');
};

/** x / max(|x|, epsilon) along the last axis. */
const l2Normalize: Write = (node, scope) => {
  const x = scope.name(input(node, 'x'));
  const norm = scope.node('ReduceL2', [x], { axes: [-1], keepdims: 1 });
  const least = scope.floats(Float32Array.of(Number(node.attributes['epsilon'])), []);
  scope.define(node.outputs[0]!, scope.node('Div', [x, scope.node('Max', [norm, least])]));
};

/** How each kernel is written. */
export const onnxKernels: Readonly<Record<string, Write>> = {
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh', 'Erf', 'Exp', 'Log', 'Sqrt', 'Abs', 'Sign', 'Neg', 'Reciprocal', 'Elu', 'Softplus', 'Floor', 'Ceil'].map(
      (name) => [name, plainUnary(name)],
    ),
  ),
  Relu6: unary((x, scope) => scope.node('Clip', [x, scope.floats(Float32Array.of(0), []), scope.floats(Float32Array.of(6), [])])),
  Rsqrt: unary((x, scope) => scope.node('Reciprocal', [scope.node('Sqrt', [x])])),
  Square: square,
  ClipByValue: clip,
  Add: binary('Add'),
  AddV2: binary('Add'),
  AddN: addAll,
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  Equal: binary('Equal'),
  Greater: binary('Greater'),
  Less: binary('Less'),
  GreaterEqual: binary('GreaterOrEqual'),
  LessEqual: binary('LessOrEqual'),
  LogicalAnd: binary('And'),
  SquaredDifference(node, scope) {
    binary('Sub')(node, scope);
    const y = node.outputs[0]!;
    const layout = isImage(scope, y) && scope.isTurned(y) ? 'nchw' : 'plain';
    const name = scope.name(y, layout);
    scope.define(y, scope.node('Mul', [name, name]), layout);
  },
  BatchMatMul: matMul,
  _FusedMatMul: matMul,
  Conv2D: convolution(false),
  DepthwiseConv2dNative: convolution(true),
  MaxPool: pool('MaxPool', {}),
  AvgPool: pool('AveragePool', { count_include_pad: 0 }),
  FusedBatchNorm: batchNorm,
  Mean: reduction('ReduceMean'),
  Sum: reduction('ReduceSum'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Reshape: reshape,
  ExpandDims: (node, scope) => {
    reshape({ ...node, inputs: node.inputs.map(({ value }) => ({ name: 'x', value })) }, scope);
  },
  Identity: identity,
  Cast: cast,
  Concat: concat,
  Slice: slice,
  Reverse: reverse,
  GatherV2: gather,
  Transpose: transpose,
  BroadcastTo: broadcast,
  Tile: tile,
  PadV2: pad,
  Select: select,
  Cumsum: cumsum,
  ResizeBilinear: resizeBilinear,
  SelfsupL2Normalize: l2Normalize,
  Softmax: softmax,
  SelfsupGelu: gelu,
  SelfsupLayerNorm: layerNorm,
  SelfsupMaskedSoftmax: softmax,
  SelfsupGroupNorm: groupNorm,
};

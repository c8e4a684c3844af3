import { SelfsupError } from '@selfsup/core';
import { argument, isFixed, type Attribute, type Dim, type Graph, type Node, type Value } from '../graph.ts';
import { attributes, type GraphModelBuilder, type TensorFlowAttribute } from './graph-model-builder.ts';

/** What the writers of single kernels work with. */
export interface GraphModelScope {
  readonly graph: Graph;
  readonly builder: GraphModelBuilder;
  readonly valueOf: (value: number) => Value;
  /** The name of a value. */
  readonly name: (value: number) => string;
  /** Sizes as a tensor of int32. */
  readonly sizes: (dims: readonly Dim[]) => string;
  /** A Reshape: with −1 for a size that is open, if it is the only one. */
  readonly reshape: (x: string, shape: readonly Dim[]) => string;
}

/** Writes a kernel as operations of TensorFlow; gives the name of its output. */
type Write = (node: Node, scope: GraphModelScope) => string;

const input = (node: Node, name: string): number => {
  const value = argument(node, name);
  if (value !== undefined) return value;
  throw new SelfsupError('SELFSUP_STATE', `writeGraphModel: the kernel ${node.kernel} lacks its argument ${name}`);
};
const integersOf = (attribute: Attribute): number[] => (Array.isArray(attribute) ? attribute.flat(2) : [attribute]).map(Number);
const both = (attribute: Attribute): [number, number] => {
  const values = integersOf(attribute);
  return [values[0]!, values.at(-1)!];
};
const floats = { T: attributes.type('float32') };

const unary =
  (op: string): Write =>
  (node, { builder, name }) =>
    builder.node(op, [name(input(node, 'x'))], floats);

const binary =
  (op: string): Write =>
  (node, { builder, name, valueOf }) =>
    builder.node(op, [name(input(node, 'a')), name(input(node, 'b'))], { T: attributes.type(valueOf(input(node, 'a')).type) });

const matMul: Write = (node, scope) => {
  const { builder, name } = scope;
  const { transposeA, transposeB, activation } = node.attributes;
  let y = builder.node('BatchMatMulV2', [name(input(node, 'a')), name(input(node, 'b'))], {
    ...floats,
    adj_x: attributes.boolean(transposeA === true),
    adj_y: attributes.boolean(transposeB === true),
  });
  const bias = argument(node, 'bias');
  if (bias !== undefined) y = builder.node('AddV2', [y, name(bias)], floats);
  if (typeof activation !== 'string' || activation === 'linear') return y;
  const op = ({ relu: 'Relu', sigmoid: 'Sigmoid', elu: 'Elu', tanh: 'Tanh' } as Readonly<Record<string, string>>)[activation];
  if (op === undefined) throw new SelfsupError('SELFSUP_OPTION', `writeGraphModel: the activation ${activation} within a product cannot be written yet`); // prettier-ignore
  return builder.node(op, [y], floats);
};

/** Top, bottom, left and right of a padding in numbers; undefined where it is `same` or `valid`. */
function sidesOf(pad: Attribute): [number, number, number, number] | undefined {
  if (typeof pad === 'string') return undefined;
  const sides = integersOf(pad);
  if (sides.length === 1) return [sides[0]!, sides[0]!, sides[0]!, sides[0]!];
  return (sides.length === 8 ? sides.slice(2, 6) : sides) as [number, number, number, number];
}

const byName = (pad: Attribute): TensorFlowAttribute => attributes.text(typeof pad === 'string' ? pad.toUpperCase() : 'VALID');

function padding(pad: Attribute): Record<string, TensorFlowAttribute> {
  const sides = sidesOf(pad);
  if (!sides) return { padding: byName(pad) };
  if (sides.every((side) => side === 0)) return { padding: attributes.text('VALID') };
  return { padding: attributes.text('EXPLICIT'), explicit_paddings: attributes.integers([0, 0, ...sides, 0, 0]) };
}

const convolution =
  (op: string): Write =>
  (node, { builder, name }) => {
    const { strides, pad, dilations = 1 } = node.attributes;
    return builder.node(op, [name(input(node, 'x')), name(input(node, 'filter'))], {
      ...floats,
      ...padding(pad),
      strides: attributes.integers([1, ...both(strides), 1]),
      dilations: attributes.integers([1, ...both(dilations), 1]),
      data_format: attributes.text('NHWC'),
    });
  };

/** Below every number that occurs. */
const LOWEST = -3.4e38;

const pool =
  (op: 'MaxPool' | 'AvgPool'): Write =>
  (node, { builder, name }) => {
    const { filterSize, strides, pad } = node.attributes;
    const sides = sidesOf(pad);
    let x = name(input(node, 'x'));
    if (sides?.some((side) => side !== 0)) {
      if (op === 'AvgPool') throw new SelfsupError('SELFSUP_OPTION', 'writeGraphModel: an average pool with a padding in numbers cannot be written yet'); // prettier-ignore
      const [top, bottom, left, right] = sides;
      const pads = builder.constant(Int32Array.of(0, 0, top, bottom, left, right, 0, 0), [4, 2], 'int32');
      x = builder.node('PadV2', [x, pads, builder.scalar(LOWEST)], floats);
    }
    return builder.node(op, [x], {
      ...floats,
      ksize: attributes.integers([1, ...both(filterSize), 1]),
      strides: attributes.integers([1, ...both(strides), 1]),
      padding: byName(pad),
      data_format: attributes.text('NHWC'),
    });
  };

const batchNorm: Write = (node, { builder, name, valueOf }) => {
  const channels = valueOf(input(node, 'x')).shape.at(-1) as number;
  const vector = (key: string, otherwise: number) => {
    const value = argument(node, key);
    if (value === undefined) return builder.constant(new Float32Array(channels).fill(otherwise), [channels], 'float32');
    const rank = valueOf(value).shape.length;
    return rank === 1 ? name(value) : builder.node('Reshape', [name(value), builder.integers([channels])], floats);
  };
  const inputs = [name(input(node, 'x')), vector('scale', 1), vector('offset', 0), vector('mean', 0), vector('variance', 1)];
  return builder.node('FusedBatchNormV3', inputs, {
    ...{ T: attributes.type('float32'), U: attributes.type('float32'), is_training: attributes.boolean(false) },
    ...{ epsilon: attributes.float(Number(node.attributes['varianceEpsilon'])), data_format: attributes.text('NHWC') },
  });
};

const mean = ({ builder }: GraphModelScope, x: string, axes: readonly number[]): string =>
  builder.node('Mean', [x, builder.integers(axes)], { ...floats, keep_dims: attributes.boolean(true) });

const reduction =
  (op: string): Write =>
  (node, { builder, name, valueOf }) => {
    const x = input(node, 'x');
    const given = node.attributes['axis'] ?? node.attributes['reductionIndices'];
    const axes = given === undefined || given === null ? valueOf(x).shape.map((_, i) => i) : integersOf(given);
    return builder.node(op, [name(x), builder.integers(axes)], { ...floats, keep_dims: attributes.boolean(node.attributes['keepDims'] === true) }); // prettier-ignore
  };

const reshape: Write = (node, { valueOf, name, reshape: write }) => write(name(node.inputs[0]!.value), valueOf(node.outputs[0]!).shape);

/** (x − mean)/√(variance + epsilon) over these axes. */
function normalized(scope: GraphModelScope, x: string, { axes, epsilon }: { axes: readonly number[]; epsilon: number }): string {
  const { builder } = scope;
  const centered = builder.node('Sub', [x, mean(scope, x, axes)], floats);
  const variance = mean(scope, builder.node('Square', [centered], floats), axes);
  const inverse = builder.node('Rsqrt', [builder.node('AddV2', [variance, builder.scalar(epsilon)], floats)], floats);
  return builder.node('Mul', [centered, inverse], floats);
}

const scaled = (node: Node, { builder, name }: GraphModelScope, x: string): string =>
  builder.node('AddV2', [builder.node('Mul', [x, name(input(node, 'scale'))], floats), name(input(node, 'offset'))], floats);

const layerNorm: Write = (node, scope) =>
  scaled(node, scope, normalized(scope, scope.name(input(node, 'x')), { axes: [-1], epsilon: Number(node.attributes['epsilon']) }));

const groupNorm: Write = (node, scope) => {
  const { numGroups, epsilon } = node.attributes;
  const { shape } = scope.valueOf(input(node, 'x'));
  const [batch, channels, groups] = [shape[0]!, shape.at(-1) as number, Number(numGroups)];
  const pixels = shape.slice(1, -1).reduce<number>((all, side) => all * (side as number), 1);
  const grouped = scope.reshape(scope.name(input(node, 'x')), [batch, pixels, groups, channels / groups]);
  return scaled(node, scope, scope.reshape(normalized(scope, grouped, { axes: [1, 3], epsilon: Number(epsilon) }), shape));
};

const gelu: Write = (node, { builder, name }) => {
  const x = name(input(node, 'x'));
  const apply = (op: string, ...inputs: string[]) => builder.node(op, inputs, floats);
  const bent =
    node.attributes['approximate'] === 'tanh'
      ? apply('Tanh', apply('Mul', apply('Mul', x, builder.scalar(Math.sqrt(2 / Math.PI))), apply('AddV2', apply('Mul', apply('Square', x), builder.scalar(0.044715)), builder.scalar(1)))) // prettier-ignore
      : apply('Erf', apply('Mul', x, builder.scalar(Math.SQRT1_2)));
  return apply('Mul', apply('Mul', x, apply('AddV2', bent, builder.scalar(1))), builder.scalar(0.5));
};

const softmax: Write = (node, { builder, name }) => {
  let x = name(argument(node, 'x') ?? input(node, 'logits'));
  const [scale, mask] = [Number(node.attributes['scale'] ?? 1), argument(node, 'mask')];
  if (scale !== 1) x = builder.node('Mul', [x, builder.scalar(scale)], floats);
  if (mask !== undefined) x = builder.node('AddV2', [x, name(mask)], floats);
  return builder.node('Softmax', [x], floats);
};

const slice: Write = (node, { builder, name, sizes }) => {
  const { begin, size } = node.attributes;
  return builder.node('Slice', [name(input(node, 'x')), sizes(begin as readonly Dim[]), sizes(size as readonly Dim[])], floats);
};

const clip: Write = (node, { builder, name }) => {
  const [least, most] = ['clipValueMin', 'clipValueMax'].map((key) => builder.scalar(Number(node.attributes[key])));
  return builder.node('Minimum', [builder.node('Maximum', [name(input(node, 'x')), least!], floats), most!], floats);
};

/** How each kernel is written. */
export const graphModelKernels: Readonly<Record<string, Write>> = {
  ...Object.fromEntries(
    ['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Erf', 'Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Abs', 'Sign', 'Neg', 'Reciprocal', 'Elu', 'Softplus', 'Floor', 'Ceil', 'Identity'].map((name) => [name, unary(name)]), // prettier-ignore
  ),
  ...Object.fromEntries(
    ['Sub', 'RealDiv', 'Maximum', 'Minimum', 'Pow', 'Equal', 'Greater', 'Less', 'GreaterEqual', 'LessEqual', 'LogicalAnd', 'SquaredDifference'].map((name) => [name, binary(name)]), // prettier-ignore
  ),
  Add: binary('AddV2'),
  AddV2: binary('AddV2'),
  AddN: (node, { builder, name }) =>
    builder.node('AddN', node.inputs.map(({ value }) => name(value)), { ...floats, N: { i: String(node.inputs.length) } }), // prettier-ignore
  Multiply: binary('Mul'),
  ClipByValue: clip,
  BatchMatMul: matMul,
  _FusedMatMul: matMul,
  Conv2D: convolution('Conv2D'),
  DepthwiseConv2dNative: convolution('DepthwiseConv2dNative'),
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
  FusedBatchNorm: batchNorm,
  Mean: reduction('Mean'),
  Sum: reduction('Sum'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Reshape: reshape,
  ExpandDims: reshape,
  Cast: (node, { builder, name, valueOf }) =>
    builder.node('Cast', [name(input(node, 'x'))], {
      SrcT: attributes.type(valueOf(input(node, 'x')).type),
      DstT: attributes.type(valueOf(node.outputs[0]!).type),
    }),
  Concat: (node, { builder, name, valueOf }) => {
    const axis = Number(node.attributes['axis']);
    const rank = valueOf(node.outputs[0]!).shape.length;
    const at = builder.constant(Int32Array.of(axis < 0 ? axis + rank : axis), [], 'int32');
    return builder.node('ConcatV2', [...node.inputs.map(({ value }) => name(value)), at], { ...floats, N: { i: String(node.inputs.length) } }); // prettier-ignore
  },
  Slice: slice,
  Reverse: (node, { builder, name }) =>
    builder.node('ReverseV2', [name(input(node, 'x')), builder.integers(integersOf(node.attributes['dims']))], floats),
  GatherV2: (node, { builder, name }) => {
    const axis = builder.constant(Int32Array.of(Number(node.attributes['axis'] ?? 0)), [], 'int32');
    return builder.node('GatherV2', [name(input(node, 'x')), name(input(node, 'indices')), axis], floats);
  },
  Transpose: (node, { builder, name }) =>
    builder.node('Transpose', [name(input(node, 'x')), builder.integers(integersOf(node.attributes['perm']))], floats),
  BroadcastTo: (node, { builder, name, sizes }) =>
    builder.node('BroadcastTo', [name(input(node, 'x')), sizes(node.attributes['shape'] as readonly Dim[])], floats),
  Tile: (node, { builder, name, sizes }) =>
    builder.node('Tile', [name(input(node, 'x')), sizes(node.attributes['reps'] as readonly Dim[])], floats),
  PadV2: (node, { builder, name }) => {
    const sides = node.attributes['paddings'] as readonly (readonly number[])[];
    const pads = builder.constant(Int32Array.from(sides.flat()), [sides.length, 2], 'int32');
    return builder.node('PadV2', [name(input(node, 'x')), pads, builder.scalar(Number(node.attributes['constantValue'] ?? 0))], floats);
  },
  Select: (node, { builder, name }) => builder.node('SelectV2', ['condition', 't', 'e'].map((key) => name(input(node, key))), floats), // prettier-ignore
  Cumsum: (node, { builder, name, valueOf }) => {
    const x = input(node, 'x');
    const { axis, exclusive, reverse } = node.attributes;
    const rank = valueOf(x).shape.length;
    const at = builder.constant(Int32Array.of((Number(axis) + rank) % rank), [], 'int32');
    return builder.node('Cumsum', [name(x), at], {
      ...floats,
      exclusive: attributes.boolean(exclusive === true),
      reverse: attributes.boolean(reverse === true),
    });
  },
  ResizeBilinear: (node, { builder, name }) =>
    builder.node('ResizeBilinear', [name(input(node, 'images')), builder.integers(integersOf(node.attributes['size']))], {
      ...floats,
      align_corners: attributes.boolean(node.attributes['alignCorners'] === true),
      half_pixel_centers: attributes.boolean(node.attributes['halfPixelCenters'] === true),
    }),
  SelfsupL2Normalize: (node, { builder, name }) => {
    const x = name(input(node, 'x'));
    const squares = builder.node('Sum', [builder.node('Square', [x], floats), builder.integers([-1])], {
      ...floats,
      keep_dims: attributes.boolean(true),
    });
    const norm = builder.node(
      'Maximum',
      [builder.node('Sqrt', [squares], floats), builder.scalar(Number(node.attributes['epsilon']))],
      floats,
    );
    return builder.node('RealDiv', [x, norm], floats);
  },
  Softmax: softmax,
  SelfsupGelu: gelu,
  SelfsupLayerNorm: layerNorm,
  SelfsupMaskedSoftmax: softmax,
  SelfsupGroupNorm: groupNorm,
};

/** The sizes of a shape where all are known; undefined where one is open. */
export const openAsMinusOne = (shape: readonly Dim[]): number[] => shape.map((dim) => (isFixed(dim) ? dim : -1));

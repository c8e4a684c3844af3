import { backend_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { compute, type Operations } from './compute.ts';
import type { Kernel, KernelTable } from './kernel.ts';
import type { Attribute, Handle } from './tensorflow-backend.ts';

type Shape4D = [number, number, number, number];
type Pad = 'valid' | 'same' | number | backend_util.ExplicitPadding;
interface Geometry {
  readonly padInfo: backend_util.PadInfo;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly effectiveFilterHeight: number;
  readonly effectiveFilterWidth: number;
  readonly dataFormat: string;
}
interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Pad;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** What `SAME` pads along one axis: what is left over goes after the end. */
function samePadding({ size, stride, reach }: { size: number; stride: number; reach: number }): readonly [before: number, after: number] {
  const all = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return [all >> 1, all - (all >> 1)];
}

/** The name of a padding: one by numbers is `EXPLICIT`, unless it has a name as well, under which TensorFlow has faster kernels. */
function paddingName(geometry: Geometry): 'SAME' | 'VALID' | 'EXPLICIT' {
  const { type, top, bottom, left, right } = geometry.padInfo;
  if (type === 'SAME' || type === 'VALID') return type;
  if (Math.max(top, bottom, left, right) === 0) return 'VALID';
  const { inHeight, inWidth, strideHeight, strideWidth, effectiveFilterHeight, effectiveFilterWidth } = geometry;
  const rows = samePadding({ size: inHeight, stride: strideHeight, reach: effectiveFilterHeight });
  const columns = samePadding({ size: inWidth, stride: strideWidth, reach: effectiveFilterWidth });
  return rows.join() === `${top},${bottom}` && columns.join() === `${left},${right}` ? 'SAME' : 'EXPLICIT';
}

/** Strides, data format and padding as TensorFlow has them; the kernels of tfjs-node refuse a padding by numbers. */
function windowAttributes({ attribute }: Operations, geometry: Geometry, padding = paddingName(geometry)): Attribute[] {
  const { padInfo, strideHeight, strideWidth, dataFormat } = geometry;
  const isLast = dataFormat === 'channelsLast';
  const spread = (height: readonly number[], width: readonly number[], fill: readonly number[]) =>
    isLast ? [...fill, ...height, ...width, ...fill] : [...fill, ...fill, ...height, ...width];
  const { top, bottom, left, right } = padInfo;
  return [
    attribute.type('T', 'float'),
    attribute.ints('strides', spread([strideHeight], [strideWidth], [1])),
    attribute.string('data_format', isLast ? 'NHWC' : 'NCHW'),
    attribute.string('padding', padding),
    ...(padding === 'EXPLICIT' ? [attribute.ints('explicit_paddings', spread([top, bottom], [left, right], [0, 0]))] : []),
  ];
}

/** What {@link convolution} needs to know of one. */
interface Shapes {
  readonly inputShape: readonly number[];
  readonly filterShape: readonly number[];
  readonly attrs: ConvolutionAttributes;
  readonly isDepthwise?: boolean;
}

function geometryOf({ inputShape, filterShape, attrs, isDepthwise = false }: Shapes) {
  const { strides, pad, dilations = 1, dimRoundingMode, dataFormat = 'NHWC' } = attrs;
  const shapes = [[...inputShape], [...filterShape]] as [Shape4D, Shape4D];
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  return backend_util.computeConv2DInfo(...shapes, strides, dilations, pad, dimRoundingMode, isDepthwise, format);
}

/** A convolution or one of its gradients; `operands` are what TensorFlow's operation takes. */
function convolution(
  name: string,
  shapes: Shapes,
  operands: (tf: Operations) => readonly Handle[],
): (backend: Parameters<Kernel>[2]) => TensorInfo {
  const geometry = geometryOf(shapes);
  return (backend) =>
    compute(backend, (tf) => [tf.run(name, operands(tf), [...windowAttributes(tf, geometry), dilationsOf(tf, geometry)])])[0]!;
}

const dilationsOf = ({ attribute }: Operations, geometry: ReturnType<typeof geometryOf>): Attribute => {
  const { dilationHeight, dilationWidth, dataFormat } = geometry;
  return attribute.ints(
    'dilations',
    dataFormat === 'channelsLast' ? [1, dilationHeight, dilationWidth, 1] : [1, 1, dilationHeight, dilationWidth],
  );
};

/** Paddings [before, after] of the four axes where the gradient is faster on an image that is padded first: oneDNN has none for `EXPLICIT`. */
function paddedFirst(geometry: ReturnType<typeof geometryOf>): number[][] | undefined {
  if (paddingName(geometry) !== 'EXPLICIT' || geometry.dataFormat !== 'channelsLast') return undefined;
  const { top, bottom, left, right } = geometry.padInfo;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** The gradient of a convolution for its input. */
function inputGradient(dy: TensorInfo, filter: TensorInfo, shapes: Shapes): ReturnType<typeof convolution> {
  const geometry = geometryOf(shapes);
  const paddings = paddedFirst(geometry);
  const { inputShape } = shapes;
  return (backend) =>
    compute(backend, (tf) => {
      const padded = inputShape.map((size, axis) => size + (paddings?.[axis]![0] ?? 0) + (paddings?.[axis]![1] ?? 0));
      const attributes = [...windowAttributes(tf, geometry, paddings ? 'VALID' : undefined), dilationsOf(tf, geometry)];
      const dx = tf.run('Conv2DBackpropInput', [tf.integers(padded), tf.input(filter), tf.input(dy)], attributes);
      if (!paddings) return [dx];
      const [begin, size] = [tf.integers(paddings.map(([before]) => before!)), tf.integers(inputShape)];
      return [tf.run('Slice', [dx, begin, size], [tf.attribute.type('T', 'float'), tf.attribute.type('Index', 'int')])];
    })[0]!;
}

/** The gradient of a convolution for its filter. */
function filterGradient(x: TensorInfo, dy: TensorInfo, shapes: Shapes): ReturnType<typeof convolution> {
  const geometry = geometryOf(shapes);
  const paddings = paddedFirst(geometry);
  return (backend) =>
    compute(backend, (tf) => {
      const types = [tf.attribute.type('T', 'float'), tf.attribute.type('Tpaddings', 'int')];
      const image = paddings ? tf.run('Pad', [tf.input(x), tf.reshape(tf.integers(paddings.flat()), [4, 2])], types) : tf.input(x);
      const attributes = [...windowAttributes(tf, geometry, paddings ? 'VALID' : undefined), dilationsOf(tf, geometry)];
      return [tf.run('Conv2DBackpropFilter', [image, tf.integers(shapes.filterShape), tf.input(dy)], attributes)];
    })[0]!;
}

const of = (attrs: NamedAttrMap) => attrs as unknown as ConvolutionAttributes;

/** Max-pooling or its gradient; `operands` are what TensorFlow's operation takes. */
function maxPool(
  name: string,
  { image, attrs }: { image: TensorInfo; attrs: NamedAttrMap },
  operands: readonly TensorInfo[],
): ReturnType<typeof convolution> {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as ConvolutionAttributes & {
    filterSize: [number, number] | number;
  };
  const geometry = backend_util.computePool2DInfo(
    image.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return (backend) =>
    compute(backend, (tf) => [
      tf.run(
        name,
        operands.map((tensor) => tf.input(tensor)),
        [...windowAttributes(tf, geometry), tf.attribute.ints('ksize', [1, geometry.filterHeight, geometry.filterWidth, 1])],
      ),
    ])[0]!;
}

/** The convolutions, their gradients and max-pooling of tfjs, for paddings by numbers too: tfjs-node has them for `same` and `valid` alone. */
export const convolutionKernels: KernelTable = {
  Conv2D({ x, filter }, attrs, backend) {
    const shapes = { inputShape: x!.shape, filterShape: filter!.shape, attrs: of(attrs) };
    return convolution('Conv2D', shapes, (tf) => [tf.input(x!), tf.input(filter!)])(backend);
  },
  Conv2DBackpropInput({ dy, filter }, attrs, backend) {
    const inputShape = attrs['inputShape'] as number[];
    return inputGradient(dy!, filter!, { inputShape, filterShape: filter!.shape, attrs: of(attrs) })(backend);
  },
  Conv2DBackpropFilter({ x, dy }, attrs, backend) {
    const filterShape = attrs['filterShape'] as number[];
    return filterGradient(x!, dy!, { inputShape: x!.shape, filterShape, attrs: of(attrs) })(backend);
  },
  DepthwiseConv2dNative({ x, filter }, attrs, backend) {
    const shapes = { inputShape: x!.shape, filterShape: filter!.shape, attrs: of(attrs), isDepthwise: true };
    return convolution('DepthwiseConv2dNative', shapes, (tf) => [tf.input(x!), tf.input(filter!)])(backend);
  },
  DepthwiseConv2dNativeBackpropInput({ dy, filter }, attrs, backend) {
    const inputShape = attrs['inputShape'] as number[];
    const shapes = { inputShape, filterShape: filter!.shape, attrs: of(attrs), isDepthwise: true };
    const operands = (tf: Operations) => [tf.integers(inputShape), tf.input(filter!), tf.input(dy!)];
    return convolution('DepthwiseConv2dNativeBackpropInput', shapes, operands)(backend);
  },
  DepthwiseConv2dNativeBackpropFilter({ x, dy }, attrs, backend) {
    const filterShape = attrs['filterShape'] as number[];
    const shapes = { inputShape: x!.shape, filterShape, attrs: of(attrs), isDepthwise: true };
    const operands = (tf: Operations) => [tf.input(x!), tf.integers(filterShape), tf.input(dy!)];
    return convolution('DepthwiseConv2dNativeBackpropFilter', shapes, operands)(backend);
  },
  MaxPool({ x }, attrs, backend) {
    return maxPool('MaxPool', { image: x!, attrs }, [x!])(backend);
  },
  MaxPoolGrad({ dy, input, output }, attrs, backend) {
    return maxPool('MaxPoolGrad', { image: input!, attrs }, [input!, output!, dy!])(backend);
  },
};

import { type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { convolve, convolveFilterGradient, convolveInputGradient } from './convolution-algorithm.ts';
import { convolutionInfo, gradientInfo, setGeometry, TO_LAST, type WindowCall } from './convolution-geometry.ts';
import { readEpilogue, withEpilogue } from './epilogue.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

type Shape = readonly number[];
type Bias = TensorInfo | undefined;

/** Operands of the three directions; each call uses the two that it has. */
interface Operands {
  readonly x?: TensorInfo;
  readonly dy?: TensorInfo;
  readonly filter?: TensorInfo;
}

function forward(
  runtime: Runtime,
  { x, filter }: Required<Pick<Operands, 'x' | 'filter'>>,
  call: WindowCall,
  [bias, act]: [Bias, number],
): TensorInfo {
  const info = convolutionInfo(call, x.shape, filter.shape);
  return produce(runtime, info.outShape, 'float32', (y) => {
    setGeometry(runtime, info);
    const operands = { x: runtime.offset(x), filter: runtime.offset(filter), bias: bias === undefined ? 0 : runtime.offset(bias) };
    convolve(runtime, info, { ...operands, y, act });
  });
}

function inputGradient(
  runtime: Runtime,
  { dy, filter }: Required<Pick<Operands, 'dy' | 'filter'>>,
  call: WindowCall,
  shape: Shape,
): TensorInfo {
  const info = gradientInfo(call, dy.shape, (rounded) => convolutionInfo(rounded, shape, filter.shape));
  return produce(runtime, shape, 'float32', (dx) => {
    if (util.sizeFromShape(dy.shape) === 0) {
      runtime.kernels.fillZero(dx, util.sizeFromShape([...shape]) * 4);
      return;
    }
    setGeometry(runtime, info);
    convolveInputGradient(runtime, info, { dy: runtime.offset(dy), filter: runtime.offset(filter), dx });
  });
}

function filterGradient(runtime: Runtime, { x, dy }: Required<Pick<Operands, 'x' | 'dy'>>, call: WindowCall, shape: Shape): TensorInfo {
  const info = gradientInfo(call, dy.shape, (rounded) => convolutionInfo(rounded, x.shape, shape));
  return produce(runtime, shape, 'float32', (dw) => {
    if (util.sizeFromShape(dy.shape) === 0 || util.sizeFromShape(x.shape) === 0) {
      runtime.kernels.fillZero(dw, util.sizeFromShape([...shape]) * 4);
      return;
    }
    setGeometry(runtime, info);
    convolveFilterGradient(runtime, info, { x: runtime.offset(x), dy: runtime.offset(dy), dw });
  });
}

const TO_FIRST = [0, 3, 1, 2];
const permute = (shape: Shape, perm: Shape): number[] => perm.map((d) => shape[d]!);

/** Runs `compute` on channels-last copies of the images when the data format is NCHW, and turns its result back if that is an image. */
function channelsLast(
  runtime: Runtime,
  { attrs, imageResult }: { attrs: NamedAttrMap; imageResult: boolean },
  images: readonly TensorInfo[],
  compute: (...images: TensorInfo[]) => TensorInfo,
): TensorInfo {
  if (attrs['dataFormat'] !== 'NCHW') return compute(...images);
  const turned: TensorInfo[] = [];
  try {
    for (const image of images) turned.push(runtime.run('Transpose', { x: image }, { perm: [...TO_LAST] }));
    const result = compute(...turned);
    if (!imageResult) return result;
    turned.push(result);
    return runtime.run('Transpose', { x: result }, { perm: TO_FIRST });
  } finally {
    for (const tensor of turned) runtime.release(tensor);
  }
}

/** One value per channel, as it broadcasts over NCHW images. */
function perChannelFirst(tensor: Bias, channels: number): Bias {
  const perChannel = tensor?.shape.length === 1 && tensor.shape[0] === channels;
  return perChannel ? { ...tensor, shape: [channels, 1, 1] } : tensor;
}

/** Conv2D, FusedConv2D and both gradients of the convolution: any window, stride, padding and dilation. */
export function convolutionKernels(runtime: Runtime): KernelTable {
  const plain = (call: WindowCall, x: TensorInfo, filter: TensorInfo): TensorInfo =>
    channelsLast(runtime, { attrs: call.attrs, imageResult: true }, [x], (image) =>
      forward(runtime, { x: image, filter }, call, [undefined, 0]),
    );
  return {
    Conv2D: (inputs, attrs) => plain({ kernelName: 'Conv2D', attrs }, input(inputs, 'x'), input(inputs, 'filter')),
    FusedConv2D(inputs, attrs) {
      const call = { kernelName: 'FusedConv2D', attrs };
      const operands = { x: input(inputs, 'x'), filter: input(inputs, 'filter') };
      const channels = operands.filter.shape[3]!;
      const epilogue = readEpilogue(inputs, attrs);
      if (attrs['dataFormat'] !== 'NCHW') {
        return withEpilogue(runtime, epilogue, channels, (bias, act) => forward(runtime, operands, call, [bias, act]));
      }
      const { bias, preluWeights } = epilogue;
      const first = { bias: perChannelFirst(bias, channels), preluWeights: perChannelFirst(preluWeights, channels) };
      return withEpilogue(runtime, { ...epilogue, ...first }, undefined, () => plain(call, operands.x, operands.filter));
    },
    Conv2DBackpropInput(inputs, attrs) {
      const filter = input(inputs, 'filter');
      const shape = attrs['inputShape'] as Shape;
      const lastShape = attrs['dataFormat'] === 'NCHW' ? permute(shape, TO_LAST) : shape;
      return channelsLast(runtime, { attrs, imageResult: true }, [input(inputs, 'dy')], (dy) =>
        inputGradient(runtime, { dy: dy, filter }, { kernelName: 'Conv2DBackpropInput', attrs }, lastShape),
      );
    },
    Conv2DBackpropFilter(inputs, attrs) {
      const images = [input(inputs, 'x'), input(inputs, 'dy')];
      return channelsLast(runtime, { attrs, imageResult: false }, images, (x, dy) =>
        filterGradient(runtime, { x: x, dy: dy }, { kernelName: 'Conv2DBackpropFilter', attrs }, attrs['filterShape'] as Shape),
      );
    },
  };
}

import { type NamedAttrMap, backend_util } from '@tensorflow/tfjs-core';
import { refuse, requireRank, requireSame, requireSizes } from './check-operands.ts';
import type { Runtime } from './runtime.ts';

type Conv2DInfo = backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4];
type Rounding = 'floor' | 'round' | 'ceil';

/** How a kernel of a convolution or pooling was called. */
export interface WindowCall {
  readonly kernelName: string;
  readonly attrs: NamedAttrMap;
}

/** The axes of an NCHW image, in the order of NHWC. */
export const TO_LAST: readonly number[] = [0, 2, 3, 1];

/** Explicit padding is one pair for each axis of the image, in the image's own layout; the kernels compute channels last. */
function padChannelsLast(attrs: NamedAttrMap): Pad {
  const pad = attrs['pad'] as Pad;
  if (attrs['dataFormat'] !== 'NCHW' || !Array.isArray(pad)) return pad;
  return TO_LAST.map((axis) => pad[axis]!) as Pad;
}

/**
 * Resolves strides, padding and dilations of a convolution as tfjs does, for channels-last shapes. Throws `SELFSUP_SHAPE` where ranks or channels do not
 * fit and where the window is larger than the image.
 */
export function convolutionInfo(
  { kernelName, attrs }: WindowCall,
  inputShape: readonly number[],
  filterShape: readonly number[],
  depthwise = false,
): Conv2DInfo {
  requireRank(kernelName, 4, { x: inputShape, filter: filterShape });
  requireSame(kernelName, 'the third size of `filter`, the channels of the image,', inputShape[3]!, filterShape[2]!);
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    attrs['strides'] as number | [number, number],
    (attrs['dilations'] as number | [number, number] | undefined) ?? 1,
    padChannelsLast(attrs),
    attrs['dimRoundingMode'] as Rounding | undefined,
    depthwise,
    'channelsLast',
  );
  requireSizes(kernelName, 'the output', info.outShape);
  return info;
}

/** Resolves window, strides and padding of a pooling, with the same checks. */
export function poolingInfo({ kernelName, attrs }: WindowCall, inputShape: readonly number[]): Conv2DInfo {
  requireRank(kernelName, 4, { x: inputShape });
  const info = backend_util.computePool2DInfo(
    inputShape as Shape4,
    attrs['filterSize'] as number | [number, number],
    attrs['strides'] as number | [number, number],
    1,
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as Rounding | undefined,
  );
  requireSizes(kernelName, 'the output', info.outShape);
  return info;
}

/**
 * The geometry of a gradient, whose outputs are there: tfjs does not tell a gradient how the forward pass rounded their number, so that a `dy` of
 * either rounding fits. Throws `SELFSUP_SHAPE` for any other.
 */
export function gradientInfo(call: WindowCall, dyShape: readonly number[], infoOf: (call: WindowCall) => Conv2DInfo): Conv2DInfo {
  const info = infoOf(call);
  requireRank(call.kernelName, 4, { dy: dyShape });
  const least = infoOf({ ...call, attrs: { ...call.attrs, dimRoundingMode: 'floor' } });
  const most = infoOf({ ...call, attrs: { ...call.attrs, dimRoundingMode: 'ceil' } });
  const [n, height, width, channels] = dyShape as Shape4;
  const fits =
    n === info.batchSize &&
    channels === info.outChannels &&
    (height === least.outHeight || height === most.outHeight) &&
    (width === least.outWidth || width === most.outWidth);
  if (!fits)
    refuse(call.kernelName, 'dy', `be [${info.outShape.join(', ')}] (what this window makes of the image)`, `[${dyShape.join(', ')}]`);
  return { ...info, outHeight: height, outWidth: width, outShape: [...dyShape] as Shape4 };
}

/** Tells the kernels the shape of the next convolution or pooling. */
export function setGeometry({ kernels }: Runtime, info: Conv2DInfo): void {
  kernels.setTensors(info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth, info.outChannels);
  kernels.setWindow(
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
    info.dilationHeight,
    info.dilationWidth,
  );
}

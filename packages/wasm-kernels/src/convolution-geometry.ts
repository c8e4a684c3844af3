import { type NamedAttrMap, backend_util } from '@tensorflow/tfjs-core';
import type { Runtime } from './runtime.ts';

type Conv2DInfo = backend_util.Conv2DInfo;

/** Resolves strides, padding and dilations of a convolution as tfjs does. */
export function convolutionInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: NamedAttrMap,
  depthwise = false,
): Conv2DInfo {
  return backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs['strides'] as number | [number, number],
    (attrs['dilations'] as number | [number, number] | undefined) ?? 1,
    attrs['pad'] as 'valid',
    attrs['dimRoundingMode'] as 'floor' | undefined,
    depthwise,
    'channelsLast',
  );
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

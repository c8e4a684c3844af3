import type { backend_util } from '@tensorflow/tfjs-core';
import type { KernelExports } from './load-kernels.ts';
import type { Runtime } from './runtime.ts';

/** The compiled Winograd convolutions: 3×3, stride 1, on the geometry that was set. */
export interface WinogradExports {
  winogradScratch(channels: number, columns: number, height: number, width: number): number;
  winogradForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  winogradInput(dy: number, w: number, dx: number, scratch: number): void;
  winogradFilterScratch(): number;
  winogradFilter(x: number, dy: number, dw: number, scratch: number): void;
}

/** The three directions of a convolution by one algorithm; scratch sizes are in bytes. */
export interface ConvolutionAlgorithm {
  forwardScratch(): number;
  forward: KernelExports['convForward'];
  inputScratch(): number;
  input: KernelExports['convInput'];
  filterScratch(): number;
  filter: KernelExports['convFilter'];
}

/** Fewest channels on either side for which the transforms pay. */
const LEAST_CHANNELS = 16;
/** Smallest part of the 4×4 tiles that must lie inside the output. */
const LEAST_FILLED = 0.55;

const filled = (size: number): number => size / (4 * Math.ceil(size / 4));

/** Whether Winograd's F(4×4, 3×3) is the faster way: 3×3, stride 1, no dilation, enough channels in fours, and tiles that the output fills. */
export function suitsWinograd(info: backend_util.Conv2DInfo, target: 'input' | 'output'): boolean {
  const { inChannels, outChannels } = info;
  const [height, width] = target === 'input' ? [info.inHeight, info.inWidth] : [info.outHeight, info.outWidth];
  return (
    info.filterHeight === 3 &&
    info.filterWidth === 3 &&
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    Math.min(inChannels, outChannels) >= LEAST_CHANNELS &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0 &&
    filled(height) * filled(width) >= LEAST_FILLED
  );
}

/** The compiled functions of the algorithm that fits: Winograd where it is allowed and faster, implicit GEMM otherwise. */
export function chooseAlgorithm(
  { kernels, winograd }: Runtime,
  info: backend_util.Conv2DInfo,
  target: 'input' | 'output',
): ConvolutionAlgorithm {
  const { inChannels, outChannels } = info;
  if (winograd && suitsWinograd(info, target))
    return {
      forwardScratch: () => kernels.winogradScratch(inChannels, outChannels, info.outHeight, info.outWidth),
      forward: kernels.winogradForward,
      inputScratch: () => kernels.winogradScratch(outChannels, inChannels, info.inHeight, info.inWidth),
      input: kernels.winogradInput,
      filterScratch: kernels.winogradFilterScratch,
      filter: kernels.winogradFilter,
    };
  return {
    forwardScratch: () => kernels.convRowsScratch(inChannels, outChannels),
    forward: kernels.convForward,
    inputScratch: () => kernels.convRowsScratch(outChannels, inChannels),
    input: kernels.convInput,
    filterScratch: kernels.convFilterScratch,
    filter: kernels.convFilter,
  };
}

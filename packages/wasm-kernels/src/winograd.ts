import type { backend_util } from '@tensorflow/tfjs-core';

/** The compiled Winograd convolutions: 3×3, stride 1, on the geometry that was set. */
export interface WinogradExports {
  winogradScratch(channels: number, columns: number, height: number, width: number): number;
  winogradForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  winogradInput(dy: number, w: number, dx: number, scratch: number): void;
  winogradFilterScratch(): number;
  winogradFilter(x: number, dy: number, dw: number, scratch: number): void;
}

/** What a convolution computes: its output, or the gradient of its input or filter. */
export type Direction = 'output' | 'input' | 'filter';

/** Fewest channels on either side for which the transforms pay. */
const LEAST_CHANNELS = 16;
/** Smallest part of the 4×4 tiles that must lie inside the output. */
const LEAST_FILLED = 0.55;

const filled = (size: number): number => size / (4 * Math.ceil(size / 4));

/** Whether Winograd's F(4×4, 3×3) is the faster way: 3×3, stride 1, no dilation, enough channels in fours, and tiles that the result fills. */
export function suitsWinograd(info: backend_util.Conv2DInfo, direction: Direction): boolean {
  const { inChannels, outChannels } = info;
  const [height, width] = direction === 'input' ? [info.inHeight, info.inWidth] : [info.outHeight, info.outWidth];
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

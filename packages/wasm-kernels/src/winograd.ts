import type { backend_util } from '@tensorflow/tfjs-core';

/** What a convolution computes: its output, or the gradient of its input or filter. */
export type Direction = 'output' | 'input' | 'filter';

/** Fewest channels on either side for which the transforms pay. */
const LEAST_CHANNELS = 16;
/** Smallest part of the tiles that must lie inside the result, by stride: what the fewer multiplications gain must not be lost at the border. */
const LEAST_FILLED: Readonly<Record<number, number>> = { 1: 0.55, 2: 0.75 };

const filled = (size: number, side: number): number => size / (side * Math.ceil(size / side));

/**
 * Whether Winograd's algorithm is the faster way: 3×3, stride 1 (a quarter of the multiplications) or 2 (9/16), no dilation, enough channels in fours, and
 * tiles that the result fills.
 */
export function suitsWinograd(info: backend_util.Conv2DInfo, direction: Direction): boolean {
  const { inChannels, outChannels, strideHeight: stride } = info;
  const [height, width] = direction === 'input' ? [info.inHeight, info.inWidth] : [info.outHeight, info.outWidth];
  const side = direction === 'input' && stride === 2 ? 8 : 4;
  const least = LEAST_FILLED[stride];
  return (
    least !== undefined &&
    info.strideWidth === stride &&
    info.filterHeight === 3 &&
    info.filterWidth === 3 &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    Math.min(inChannels, outChannels) >= LEAST_CHANNELS &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0 &&
    filled(height, side) * filled(width, side) >= least
  );
}

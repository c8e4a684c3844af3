import type { backend_util } from '@tensorflow/tfjs-core';
import type { Runtime } from './runtime.ts';
import { suitsWinograd, type Direction } from './winograd.ts';

type Info = backend_util.Conv2DInfo;

/** How a convolution is computed: one plain matrix product (1×1), Winograd's algorithm, or an implicit matrix product. */
type Algorithm = 'pointwise' | 'winograd' | 'implicit';

/** A window of one pixel on every pixel: the images are then the rows of one matrix. */
function isPointwise({ filterHeight, filterWidth, strideHeight, strideWidth, padInfo }: Info): boolean {
  const { top, bottom, left, right } = padInfo;
  return filterHeight === 1 && filterWidth === 1 && strideHeight === 1 && strideWidth === 1 && top + bottom + left + right === 0;
}

function algorithmFor({ winograd }: Runtime, info: Info, direction: Direction): Algorithm {
  if (isPointwise(info)) return 'pointwise';
  return winograd && suitsWinograd(info, direction) ? 'winograd' : 'implicit';
}

const pixels = ({ batchSize, inHeight, inWidth }: Info): number => batchSize * inHeight * inWidth;

/** y = act(bias + x * filter); all operands are offsets, a bias of 0 is none. The geometry must be set. */
export function convolve(
  runtime: Runtime,
  info: Info,
  { x, filter, y, bias, act }: { x: number; filter: number; y: number; bias: number; act: number },
): void {
  const { kernels } = runtime;
  const { inChannels, outChannels } = info;
  const rows = pixels(info);
  switch (algorithmFor(runtime, info, 'output')) {
    case 'pointwise': {
      const scratch = runtime.scratch(kernels.matmulScratch(rows, outChannels, inChannels, 0) >>> 0);
      kernels.matmul(x, filter, y, rows, outChannels, inChannels, 0, 0, bias, act, scratch);
      break;
    }
    case 'winograd':
      kernels.winogradForward(x, filter, y, bias, act, runtime.scratch(kernels.winogradForwardScratch() >>> 0));
      break;
    default:
      kernels.convForward(x, filter, y, bias, act, runtime.scratch(kernels.convRowsScratch(inChannels, outChannels) >>> 0));
  }
}

/** The gradient of the input: dy times the filter of each tap. */
export function convolveInputGradient(runtime: Runtime, info: Info, { dy, filter, dx }: { dy: number; filter: number; dx: number }): void {
  const { kernels } = runtime;
  const { inChannels, outChannels } = info;
  const rows = pixels(info);
  switch (algorithmFor(runtime, info, 'input')) {
    case 'pointwise': {
      const scratch = runtime.scratch(kernels.matmulScratch(rows, inChannels, outChannels, 0) >>> 0);
      kernels.matmul(dy, filter, dx, rows, inChannels, outChannels, 0, 1, 0, 0, scratch);
      break;
    }
    case 'winograd':
      kernels.winogradInput(dy, filter, dx, runtime.scratch(kernels.winogradInputScratch() >>> 0));
      break;
    default:
      kernels.convInput(dy, filter, dx, runtime.scratch(kernels.convRowsScratch(outChannels, inChannels) >>> 0));
  }
}

/** The gradient of the filter: the sum over the images of x, shifted by the tap, times dy. */
export function convolveFilterGradient(runtime: Runtime, info: Info, { x, dy, dw }: { x: number; dy: number; dw: number }): void {
  const { kernels } = runtime;
  const { inChannels, outChannels } = info;
  const rows = pixels(info);
  switch (algorithmFor(runtime, info, 'filter')) {
    case 'pointwise': {
      const scratch = runtime.scratch(kernels.matmulScratch(inChannels, outChannels, rows, 1) >>> 0);
      kernels.matmul(x, dy, dw, inChannels, outChannels, rows, 1, 0, 0, 0, scratch);
      break;
    }
    case 'winograd':
      kernels.winogradFilter(x, dy, dw, runtime.scratch(kernels.winogradFilterScratch() >>> 0));
      break;
    default:
      kernels.convFilter(x, dy, dw, runtime.scratch(kernels.convFilterScratch() >>> 0));
  }
}

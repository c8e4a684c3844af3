import { SelfsupError } from '@selfsup/core';
import { allPermutations } from './jigsaw-permutations.ts';

/** Options of {@link frameOrders}. */
export interface FrameOrdersOptions {
  /** Frames in a clip; default 4, an integer from 3 to 6. */
  numFrames?: number;
  /**
   * Whether a clip and its reverse are one class (`'merged'`, default, as in the paper: many movements look the same backwards) or two (`'distinct'`).
   */
  reversed?: 'merged' | 'distinct';
}

/**
 * The classes of {@link frameOrder}: the orders in which the frames of a clip can be shown.
 *
 * @param options see {@link FrameOrdersOptions}
 * @returns numFrames! permutations of 0 … numFrames − 1, sorted, or the half of them whose first number is smaller than their last
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Lee et al.: "Unsupervised Representation Learning by Sorting Sequences", https://arxiv.org/abs/1708.01246
 * @example
 * ```ts
 * import { frameOrders } from '@selfsup/pretext-tasks/frame-order';
 * console.log(frameOrders().length); // 12
 * ```
 */
export function frameOrders(options: FrameOrdersOptions = {}): readonly (readonly number[])[] {
  const { numFrames = 4, reversed = 'merged' } = options;
  if (!Number.isSafeInteger(numFrames) || numFrames < 3 || numFrames > 6)
    throw new SelfsupError('SELFSUP_OPTION', `frameOrders: \`numFrames\` must be an integer from 3 to 6, got ${numFrames}`);
  if (!['merged', 'distinct'].includes(reversed))
    throw new SelfsupError('SELFSUP_OPTION', `frameOrders: \`reversed\` must be merged or distinct, got ${String(reversed)}`);
  const all = allPermutations(numFrames);
  const orders = Array.from({ length: all.length / numFrames }, (_, i) => [...all.subarray(i * numFrames, (i + 1) * numFrames)]);
  orders.sort((a, b) => a.reduce((found, frame, k) => found || frame - b[k]!, 0));
  return reversed === 'merged' ? orders.filter((order) => order[0]! < order.at(-1)!) : orders;
}

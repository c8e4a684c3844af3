import { cosine, SelfsupError, type Schedule } from '@selfsup/core';
import { z } from 'zod';

/** The softmax scale. */
export const temperature = (value: number) => z.number().gt(0).default(value).describe('softmax scale: similarities are divided by it');

/** The weight of a target network's old weights, which does not change. */
export const constantMomentum = (value: number) =>
  z.number().min(0).max(1).default(value).describe("weight of the target network's old weights");

/** The weight of a target network's old weights at the start; see {@link rising}. */
export const risingMomentum = (value: number) =>
  z.number().min(0).max(1).default(value).describe("weight of the target network's old weights at the start; it rises to 1 over the run");

/** Half a cosine from a momentum to 1 over the run. */
export const rising = (momentum: number, totalSteps: number): Schedule => cosine({ initial: momentum, final: 1, steps: totalSteps });

/** Keys of earlier steps; `rows` says of what. */
export const queueSize = (rows: string) =>
  z.int().min(1).optional().describe(`${rows}; default 4096, or as many as an update brings where that is more`);

/** Refuses a queue that does not hold what one update brings. */
export function checkQueue(queueSize: number, fresh: number): void {
  if (queueSize < fresh)
    throw new SelfsupError('SELFSUP_OPTION', `\`queueSize\` must be at least ${fresh}, what one update brings, got ${queueSize}`);
}

/** A queue that holds what one update brings; refuses a shorter one. */
export function queueOf(given: number | undefined, fresh: number): number {
  if (given !== undefined) checkQueue(given, fresh);
  return given ?? Math.max(4096, fresh);
}

/** The size of a predictor; the attention needs heads that divide its columns. */
export function predictorSize(
  options: { readonly predictorWidth?: number | undefined; readonly predictorHeads?: number | undefined },
  usualWidth: number,
): { readonly width: number; readonly numHeads: number } {
  const { predictorWidth: width = usualWidth } = options;
  const { predictorHeads: numHeads = width % 32 === 0 ? width / 32 : 1 } = options;
  if (options.predictorWidth !== undefined && width % 4 !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `\`predictorWidth\` must be a multiple of 4, got ${width}`);
  if (width % numHeads !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `\`predictorHeads\` must divide the ${width} columns of the predictor, got ${numHeads}`);
  return { width, numHeads };
}

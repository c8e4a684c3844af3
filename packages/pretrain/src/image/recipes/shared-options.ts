import { cosine, type Schedule } from '@selfsup/core';
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

/** A queue that holds what one update brings. */
export const queueOf = (given: number | undefined, fresh: number): number => given ?? Math.max(4096, fresh);

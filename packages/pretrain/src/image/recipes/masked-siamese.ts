import { maskPatches } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { prototypes } from '@selfsup/encoders';
import type { MsnOptions } from '@selfsup/pretext-tasks/msn';
import { z } from 'zod';
import type { ImageTaskParts } from '../image-task.ts';
import { headOf, headOptions } from './head-options.ts';
import { patchEncoder } from './masked-images.ts';
import { rising, risingMomentum, temperature } from './shared-options.ts';

/** The options of MSN, which PMSN has, too. */
export const maskedSiameseOptions = {
  temperature: temperature(0.1),
  targetTemperature: z.number().gt(0).default(0.25).describe("the targets' probabilities are raised to the power of 1 over it"),
  numPrototypes: z.int().min(1).default(256).describe('prototypes; 1024 in the paper'),
  iterations: z.int().min(0).default(3).describe('iterations of Sinkhorn and Knopp on the targets; 0: none'),
  priorWeight: z.number().min(0).default(1).describe('weight of the regularizer, which keeps the prototypes in use'),
  maskRatio: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.15)
    .describe('part of the patches of the masked view that is left out; larger encoders take more: 0.7 for ViT-Large'),
  momentum: risingMomentum(0.99),
  ...headOptions(3),
};

/** What {@link maskedSiameseOptions} give. */
export type MaskedSiameseOptions = z.output<z.ZodObject<typeof maskedSiameseOptions>>;

/** What the task is built from, by those options. */
export function maskedSiameseParts(task: string, parts: ImageTaskParts, options: MaskedSiameseOptions): MsnOptions {
  const backbone = patchEncoder(task, parts.backbone);
  if (!backbone.hasClassToken)
    throw new SelfsupError('SELFSUP_OPTION', `the task ${task} needs an encoder with a class token: leave out \`classToken: false\``);
  const { temperature, targetTemperature, numPrototypes, iterations, priorWeight, maskRatio, momentum, headOutput } = options;
  return {
    backbone,
    projectionHead: headOf(parts, options, { batchNorm: true }),
    prototypes: prototypes({ inputDim: headOutput, numPrototypes }),
    masking: maskPatches({ gridSize: backbone.gridSize, maskRatio }),
    temperature,
    targetTemperature,
    iterations,
    priorWeight,
    momentum: rising(momentum, parts.totalSteps),
  };
}

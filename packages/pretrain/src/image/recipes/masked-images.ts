import { SelfsupError } from '@selfsup/core';
import type { VitFactory } from '@selfsup/encoders';
import { z } from 'zod';
import type { AnyEncoderFactory } from '../../encoder-recipe.ts';
import { patchEncoderNames } from '../encoders.ts';

/** Which patches are masked. */
export const maskOptions = (maskRatio: number, maskKind: 'random' | 'block' | 'grid' = 'random') => ({
  maskRatio: z.number().gt(0).lt(1).default(maskRatio).describe('part of the patches that is masked'),
  maskKind: z
    .enum(['random', 'block', 'grid'])
    .default(maskKind)
    .describe('how they lie: each on its own, in rectangles, or in the same pattern everywhere'),
});

/** The same encoder, seen as one of patches. */
export function patchEncoder(task: string, backbone: AnyEncoderFactory): VitFactory {
  if (!('patchSize' in backbone && 'gridSize' in backbone))
    throw new SelfsupError('SELFSUP_OPTION', `the task ${task} needs an encoder of patches: ${patchEncoderNames.join(', ')}`);
  return backbone as VitFactory;
}

/** Rows and columns of an encoder's patches. */
export const gridOf = ({ gridSize }: VitFactory): readonly [number, number] =>
  typeof gridSize === 'number' ? [gridSize, gridSize] : gridSize;

/** Refuses encoders for which an image is one patch, where a task predicts patches from others. */
export function checkSeveralPatches(task: string, encoder: VitFactory): void {
  const [rows, columns] = gridOf(encoder);
  if (rows * columns < 2)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${task}: an image must have several patches, some to see and some to predict, got 1 of ${encoder.patchSize} x ${encoder.patchSize} pixels; take larger images, or give the encoder a smaller \`encoderOptions.patchSize\``,
    );
}

import { maskPatches } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { linear, maeDecoder, type EncoderFactory, type VitFactory } from '@selfsup/encoders';
import { mae } from '@selfsup/pretext-tasks/mae';
import { simMim } from '@selfsup/pretext-tasks/sim-mim';
import { patchEncoderNames } from '../registry-encoders.ts';
import type { TaskEntry } from './task-entry.ts';
import { cropSource, oneView, recipeSource, SMALL_IMAGE } from './task-views.ts';

/** The same encoder, seen as one of patches. */
function asVit(task: string, backbone: EncoderFactory): VitFactory {
  if (!('patchSize' in backbone && 'gridSize' in backbone))
    throw new SelfsupError('SELFSUP_OPTION', `--task ${task} needs an encoder of patches: ${patchEncoderNames.join(', ')}`);
  return backbone as VitFactory;
}

/** The paper's decoder, no wider than the encoder; half as deep for small images. */
function decoderOf(backbone: VitFactory, { imageSize, channels }: { imageSize: number; channels: number }) {
  const { outputDim: inputDim, gridSize, patchSize } = backbone;
  const width = Math.min(512, inputDim - (inputDim % 4));
  const numHeads = width % 32 === 0 ? width / 32 : 1; // 16 heads of 32 columns at the paper's 512
  return maeDecoder({ inputDim, gridSize, patchSize, channels, width, numHeads, numLayers: imageSize <= SMALL_IMAGE ? 4 : 8 });
}

/** Tasks that predict hidden patches. */
export const maskedImageTasks = {
  mae: {
    input: oneView,
    views: recipeSource('mae'),
    encoders: patchEncoderNames,
    beta2: 0.95, // the paper's
    projectionHead: false,
    create({ backbone, imageSize, channels }) {
      const encoder = asVit('mae', backbone);
      const { gridSize } = encoder;
      return mae({ backbone: encoder, decoder: decoderOf(encoder, { imageSize, channels }), masking: maskPatches({ gridSize }) });
    },
  },
  'sim-mim': {
    input: oneView,
    views: cropSource([0.67, 1]), // the paper's
    encoders: patchEncoderNames,
    encoderOptions: { maskToken: true, pooling: 'mean' },
    projectionHead: false,
    create({ backbone, channels }) {
      const encoder = asVit('sim-mim', backbone);
      const { gridSize, patchSize, outputDim: inputDim } = encoder;
      // two patches of 16 are the paper's unit of 32 pixels
      const masking = maskPatches({ gridSize, maskRatio: 0.6, unitSize: gridSize % 2 === 0 ? 2 : 1 });
      return simMim({ backbone: encoder, head: linear({ inputDim, outputDim: patchSize * patchSize * channels }), masking });
    },
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;

import { maskPatches } from '@selfsup/augment';
import { linear } from '@selfsup/encoders';
import { data2vec } from '@selfsup/pretext-tasks/data2vec';
import { z } from 'zod';
import { followingOf, teacherOptions } from '../../data2vec-options.ts';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { maskOptions, patchEncoder } from './masked-images.ts';

/** data2vec on images; in runs of few updates the momentum is lower than in the paper. */
export const data2vecTask = defineImageTask({
  name: 'data2vec',
  title: 'data2vec',
  paper: 'https://arxiv.org/abs/2202.03555',
  summary:
    'Mask tokens replace part of the patches, and the encoder predicts what the last blocks of its slowly moving copy make of the hidden ones.',
  advice: {
    take: 'You want one recipe for images and text, and will fine-tune a Vision Transformer.',
    leave: 'Runs are short: its targets come from a copy that must learn first; `mae` and `maskfeat` have targets from the start.',
  },
  options: z.strictObject({
    ...maskOptions(0.6, 'block'),
    ...teacherOptions({ topBlocks: 'half of them, as in the paper', part: 'block', beta: 2 }),
  }),
  input: oneView,
  views: cropSource([0.2, 1]),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true, pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  create({ backbone, totalSteps }, options) {
    const encoder = patchEncoder('data2vec', backbone);
    const { gridSize, outputDim } = encoder;
    const { maskRatio, maskKind: kind, part, beta } = options;
    const { topBlocks = Math.ceil(Object.keys(encoder.mapChannels).length / 2) } = options;
    return data2vec({
      backbone: encoder,
      head: linear({ inputDim: outputDim, outputDim }),
      masking: maskPatches({ gridSize, maskRatio, kind }),
      topBlocks,
      part,
      beta,
      momentum: followingOf(options, totalSteps),
    });
  },
});

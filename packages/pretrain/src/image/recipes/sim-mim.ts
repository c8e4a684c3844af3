import { maskPatches } from '@selfsup/augment';
import { linear } from '@selfsup/encoders';
import { simMim } from '@selfsup/pretext-tasks/sim-mim';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { maskOptions, patchEncoder } from './masked-images.ts';

/** SimMIM. */
export const simMimTask = defineImageTask({
  name: 'sim-mim',
  title: 'SimMIM',
  paper: 'https://arxiv.org/abs/2111.09886',
  summary: 'Mask tokens replace part of the patches, and one linear layer on the encoder predicts the hidden pixels.',
  advice: {
    take: 'You will fine-tune a Vision Transformer and do not want a decoder.',
    leave: 'You use the features without fine-tuning, or compute is short: `mae` is cheaper.',
  },
  options: z.strictObject({
    ...maskOptions(0.6),
    maskUnit: z
      .int()
      .min(1)
      .optional()
      .describe(
        'patches along the side of what random masks as a whole; default 2, the 32 pixels of the paper, or 1 where that does not fit',
      ),
  }),
  input: oneView,
  views: cropSource([0.67, 1]), // the paper's
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true, pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  create({ backbone, channels }, { maskRatio, maskKind: kind, maskUnit }) {
    const encoder = patchEncoder('sim-mim', backbone);
    const { gridSize, patchSize, outputDim: inputDim } = encoder;
    const unitSize = maskUnit ?? ([gridSize].flat().every((side) => side % 2 === 0) ? 2 : 1);
    const head = linear({ inputDim, outputDim: patchSize * patchSize * channels });
    return simMim({ backbone: encoder, head, masking: maskPatches({ gridSize, maskRatio, kind, unitSize }) });
  },
});

import { maskPatches } from '@selfsup/augment';
import { linear } from '@selfsup/encoders';
import { beit, codebookTokenizer } from '@selfsup/pretext-tasks/beit';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { patchCodebook } from '../patch-codebook.ts';
import { oneView } from '../views-input.ts';
import { maskOptions, patchEncoder } from './masked-images.ts';

/** BEiT, whose tokens are centers of k-means among the patches of the data. */
export const beitTask = defineImageTask({
  name: 'beit',
  title: 'BEiT',
  paper: 'https://arxiv.org/abs/2106.08254',
  summary:
    'A mask token stands for a part of the patches, and the encoder tells which of the patches of a vocabulary, found by k-means, are there.',
  advice: {
    take: 'Masked images are to be learned by a cross entropy, as text is, with a vocabulary from the data itself.',
    leave: 'Patches hardly repeat: then k-means finds colors and little else; take `mae`.',
  },
  options: z.strictObject({
    ...maskOptions(0.4, 'block'),
    vocabularySize: z
      .int()
      .min(2)
      .default(512)
      .describe("tokens: centers of k-means among the data's patches; the paper has the 8192 tokens of a trained autoencoder"),
  }),
  input: oneView,
  views: cropSource([0.08, 1]),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true, pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  learn: ({ backbone, options: { vocabularySize }, ...context }) =>
    patchCodebook(context, { patchSize: patchEncoder('beit', backbone).patchSize, vocabularySize }),
  create({ backbone, channels, learned }, { maskRatio, maskKind: kind, vocabularySize }) {
    const encoder = patchEncoder('beit', backbone);
    const { gridSize, patchSize, outputDim: inputDim } = encoder;
    // of a run that goes on the codebook is in the checkpoint
    const codebook = (learned as Float32Array | undefined) ?? new Float32Array(vocabularySize * patchSize * patchSize * channels);
    return beit({
      backbone: encoder,
      head: linear({ inputDim, outputDim: vocabularySize }),
      masking: maskPatches({ gridSize, maskRatio, kind }),
      tokenizer: codebookTokenizer({ codebook, vocabularySize }),
    });
  },
});

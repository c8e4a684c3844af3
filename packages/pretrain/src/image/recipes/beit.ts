import { maskPatches } from '@selfsup/augment';
import { createRng, SelfsupError } from '@selfsup/core';
import { linear, type VitFactory } from '@selfsup/encoders';
import { beit, codebookTokenizer, describePatches, encoderTokenizer } from '@selfsup/pretext-tasks/beit';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import type { Teacher } from '../../task-recipe.ts';
import { imageInputOf } from '../image-input.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { patchCodebook } from '../patch-codebook.ts';
import { oneView } from '../views-input.ts';
import { gridOf, maskOptions, patchEncoder } from './masked-images.ts';

/** The trained encoder whose states of patches become tokens. */
function tokenizerOf(
  { factory, input }: Teacher,
  { backbone, ...student }: { readonly backbone: VitFactory; readonly mean: readonly number[]; readonly std: readonly number[] },
) {
  if (!('patchSize' in factory))
    throw new SelfsupError('SELFSUP_OPTION', `the teacher of beit must be an encoder of patches: ${patchEncoderNames.join(', ')}`);
  const { mean, std, height, width } = imageInputOf(input);
  const [own, theirs] = [gridOf(backbone), gridOf(factory as VitFactory)];
  if (own.join() !== theirs.join())
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the \`teacher\` of beit must divide an image into ${own.join('x')} patches like the encoder that learns, got ${theirs.join('x')}; choose another teacher, or give the encoder as many by \`imageSize\` or \`encoderOptions.patchSize\``,
    );
  return { encoder: factory as VitFactory, images: { student, teacher: { mean, std }, size: [height, width] as const } };
}

/** BEiT, whose tokens are centers of k-means among the patches of the data, or among what a trained encoder says of them. */
export const beitTask = defineImageTask({
  name: 'beit',
  title: 'BEiT',
  paper: 'https://arxiv.org/abs/2106.08254',
  summary: 'Mask tokens replace part of the patches, and the encoder tells which patches of a vocabulary, found by k-means, were there.',
  advice: {
    take: 'You want to learn from masked images with a cross-entropy loss, as with text, and with a vocabulary from the data itself.',
    leave: 'Patches hardly repeat: k-means then finds colors and little else; take `mae`.',
  },
  options: z.strictObject({
    ...maskOptions(0.4, 'block'),
    vocabularySize: z
      .int()
      .min(2)
      .default(512)
      .describe(
        "tokens: centers of k-means among the data's patches, or with a teacher, such as a run of vq-tokenizer, among its states of them; 8192 in the paper",
      ),
  }),
  teacher: 'optional',
  input: oneView,
  views: cropSource([0.08, 1]),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true, pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  async learn({ backbone, options: { vocabularySize }, teacher, ...context }) {
    const student = patchEncoder('beit', backbone);
    const { patchSize } = student;
    if (!teacher) return patchCodebook(context, { patchSize, vocabularySize });
    const { mean, std } = imageInputOf(context.input);
    const tokenizer = tokenizerOf(teacher, { backbone: student, mean, std });
    const encoder = tokenizer.encoder(createRng(0));
    const [rows, columns] = gridOf(student);
    const describe = (images: tf.Tensor4D) => describePatches(images, { ...tokenizer, encoder, length: rows * columns });
    try {
      return await patchCodebook(context, { patchSize, vocabularySize, describe });
    } finally {
      encoder.dispose();
    }
  },
  create({ backbone, channels, mean, std, teacher, learned }, { maskRatio, maskKind: kind, vocabularySize }) {
    const encoder = patchEncoder('beit', backbone);
    const tokenizer = teacher && tokenizerOf(teacher, { backbone: encoder, mean, std });
    const { gridSize, patchSize, outputDim: inputDim } = encoder;
    // of a run that goes on the codebook is in the checkpoint
    const codebook =
      (learned as Float32Array | undefined) ??
      new Float32Array(vocabularySize * (tokenizer?.encoder.outputDim ?? patchSize * patchSize * channels));
    return beit({
      backbone: encoder,
      head: linear({ inputDim, outputDim: vocabularySize }),
      masking: maskPatches({ gridSize, maskRatio, kind }),
      tokenizer: tokenizer ? encoderTokenizer({ ...tokenizer, codebook, vocabularySize }) : codebookTokenizer({ codebook, vocabularySize }),
    });
  },
});

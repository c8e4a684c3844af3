import { SelfsupError } from '@selfsup/core';
import { projectionHead, type EncoderFactory } from '@selfsup/encoders';
import { distillation } from '@selfsup/pretext-tasks/distillation';
import { z } from 'zod';
import { imageInputOf } from '../image-input.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneOrTwoViews } from '../views-input.ts';
import { queueOf, queueSize } from './shared-options.ts';

const weight = (value: number, what: string) => z.number().min(0).default(value).describe(`weight of ${what}; 0: without`);

/** Channels of the last map of an encoder; undefined where it has none. */
const lastChannels = (factory: EncoderFactory): number | undefined =>
  Object.values((factory as Partial<Record<'mapChannels', Readonly<Record<string, number>>>>).mapChannels ?? {}).at(-1);

/** Distillation from a trained encoder of any architecture; SEED is `similarityWeight` 1 with `featureWeight` 0. */
export const distillationTask = defineImageTask({
  name: 'distillation',
  aliases: ['seed', 'distill'],
  title: 'Distillation',
  paper: 'https://arxiv.org/abs/2101.04731',
  summary: 'The encoder learns to match its teacher: a trained encoder that may have another architecture and never changes.',
  advice: {
    take: 'You have a good large encoder, and want a small fast one.',
    leave: 'You have no teacher that is better than what the student learns by itself.',
  },
  options: z.strictObject({
    featureWeight: weight(1, "the distance from the teacher's features"),
    patchWeight: weight(0, "the distance from the teacher's last map, place by place"),
    similarityWeight: weight(0, "SEED's loss: an image is to be as similar to earlier ones as the teacher finds it"),
    measure: z.enum(['cosine', 'mse']).default('cosine').describe('how features and places are compared'),
    standardize: z
      .boolean()
      .default(true)
      .describe("whether each of the teacher's vectors gets mean 0 and deviation 1 before it is compared"),
    queueSize: queueSize('embeddings of earlier images, for similarityWeight'),
    studentTemperature: z.number().gt(0).default(0.2).describe("SEED: the student's similarities are divided by it"),
    teacherTemperature: z.number().gt(0).default(0.01).describe("SEED: the teacher's similarities are divided by it"),
    headHidden: z.int().min(1).optional().describe("columns of the hidden layers of the projector; default the teacher's"),
    headLayers: z.int().min(1).default(1).describe("linear layers between the encoder's features and the teacher's"),
  }),
  teacher: true,
  input: oneOrTwoViews,
  views: cropSource([0.2, 1]),
  create(parts, options) {
    const { backbone, settings, teacher, mean, std, projectionHead: given } = parts;
    if (!teacher) throw new SelfsupError('SELFSUP_STATE', 'distillation: the recipe must get a `teacher` among its parts, got none');
    const { headHidden, headLayers: numLayers, queueSize: size, ...others } = options;
    const input = imageInputOf(teacher.input);
    const factory = teacher.factory as EncoderFactory;
    const { outputDim } = factory;
    const headOf = (inputDim: number, columns: number) =>
      projectionHead({ inputDim, hiddenDim: headHidden ?? columns, outputDim: columns, numLayers });
    const [own, taught] = [lastChannels(backbone), lastChannels(factory)];
    return distillation({
      ...others,
      backbone,
      teacher: factory,
      projectionHead: given?.({ inputDim: backbone.outputDim }) ?? headOf(backbone.outputDim, outputDim),
      ...(own !== undefined && taught !== undefined && { patchHead: headOf(own, taught) }),
      images: { student: { mean, std }, teacher: input, size: [input.height, input.width] },
      queueSize: queueOf(size, settings.batchSize * settings.accumulate),
    });
  },
});

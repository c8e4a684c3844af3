import { inpaintingDecoder } from '@selfsup/encoders';
import { framePrediction } from '@selfsup/pretext-tasks/frame-prediction';
import { z } from 'zod';
import { cropSource } from '../image/image-views.ts';
import { defineVideoTask, oneClip } from './video-task.ts';

/** Predicting a frame of a clip from the others, without the adversarial part of the paper. */
export const framePredictionTask = defineVideoTask({
  name: 'frame-prediction',
  aliases: ['video-prediction'],
  title: 'Frame prediction',
  paper: 'https://arxiv.org/abs/1511.05440',
  summary: 'The encoder sees the frames of a clip one by one, and a decoder paints the one that is left out: the next, or one in between.',
  advice: {
    take: 'You want features of where things are and how they move, and pictures of what the model expects.',
    leave: 'It matters which things they are: most of a frame is its background; `time-contrastive` or a task on images is better.',
  },
  options: z.strictObject({
    predict: z.enum(['next', 'between']).default('next').describe('which frame is predicted: the last of a clip or the one in the middle'),
    distance: z.enum(['absolute', 'squared']).default('absolute').describe('how far pixels, and edges, are apart'),
    gradientWeight: z.number().min(0).default(1).describe('weight of the edges beside the pixels; 0: without'),
    decoderWidth: z.int().min(1).default(128).describe('channels of the coarsest map of the decoder'),
  }),
  input: oneClip,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create({ backbone, clipLength, height, width, channels }, { decoderWidth, ...options }) {
    const inputDim = (clipLength - 1) * backbone.outputDim;
    return framePrediction({
      backbone,
      decoder: inpaintingDecoder({ inputDim, outputSize: [height, width], channels, width: decoderWidth }),
      ...options,
    });
  },
});

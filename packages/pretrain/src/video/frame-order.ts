import { SelfsupError } from '@selfsup/core';
import { projectionHead } from '@selfsup/encoders';
import { frameOrder, frameOrders } from '@selfsup/pretext-tasks/frame-order';
import { z } from 'zod';
import { cropSource } from '../image/image-views.ts';
import { oneClip, defineVideoTask } from './video-task.ts';

/** Sorting the frames of a clip. */
export const frameOrderTask = defineVideoTask({
  name: 'frame-order',
  title: 'Sorting sequences',
  paper: 'https://arxiv.org/abs/1708.01246',
  summary: 'The encoder sees the frames of a shuffled clip one by one, and a head says in which order they are.',
  advice: {
    take: 'You have videos in which things move in one direction.',
    leave: 'Nothing moves, or things only move back and forth.',
  },
  options: z.strictObject({
    reversed: z.enum(['merged', 'distinct']).default('merged').describe('whether a clip and its reverse are one class or two'),
    headHidden: z.int().min(1).optional().describe('columns of the hidden layer of the head; default those of the encoder'),
  }),
  input: oneClip,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create({ backbone, clipLength: numFrames }, { reversed, headHidden: hiddenDim = backbone.outputDim }) {
    if (numFrames < 3 || numFrames > 6)
      throw new SelfsupError('SELFSUP_OPTION', `\`clipLength\` must be from 3 to 6 for frame-order, got ${numFrames}`);
    const orders = frameOrders({ numFrames, reversed }).length;
    const head = projectionHead({ inputDim: numFrames * backbone.outputDim, hiddenDim, outputDim: orders });
    return frameOrder({ backbone, head, numFrames, reversed });
  },
});

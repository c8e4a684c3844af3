import { SelfsupError } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import { rotation } from '@selfsup/pretext-tasks/rotation';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';

/** Prediction of rotations. */
export const rotationTask = defineImageTask({
  name: 'rotation',
  title: 'RotNet',
  paper: 'https://arxiv.org/abs/1803.07728',
  summary: 'The encoder learns to say by which of four angles an image was turned; a batch costs as much as four.',
  advice: {
    take: 'You want a very simple and stable task, and objects stand upright in the photos.',
    leave: 'Things have no natural orientation: satellite pictures, cells, textures.',
  },
  options: z.strictObject({}),
  input: oneView,
  views: cropSource([0.5, 1]), // most of an image, so that what it shows stays whole; ours
  hasProjectionHead: false,
  create({ backbone, height, width }) {
    if (height !== width)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `the task rotation needs square images, these have ${height}x${width} pixels; give \`imageSize\` one side`,
      );
    return rotation({ backbone, head: linear({ inputDim: backbone.outputDim, outputDim: 4 }) });
  },
});

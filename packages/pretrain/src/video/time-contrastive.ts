import { SelfsupError } from '@selfsup/core';
import { timeContrastive } from '@selfsup/pretext-tasks/time-contrastive';
import { z } from 'zod';
import { embeddingDimOf, headOf, headOptions } from '../image/recipes/head-options.ts';
import { cropSource } from '../image/image-views.ts';
import { defineVideoTask, oneClip } from './video-task.ts';

/** Telling near frames from far ones of one video. */
export const timeContrastiveTask = defineVideoTask({
  name: 'time-contrastive',
  aliases: ['tcn'],
  title: 'Time-contrastive networks',
  paper: 'https://arxiv.org/abs/1704.06888',
  summary: 'A frame must be closer to one just before or after it than to one of the same video that is further away.',
  advice: {
    take: 'Videos show gradual changes, such as a hand at work, and you want the encoder to tell the states apart.',
    leave: 'You want to tell videos apart: what stays the same within one is never compared.',
  },
  options: z.strictObject({
    positiveWindow: z.int().min(1).default(1).describe('frames of the clip at most so far apart belong together'),
    negativeWindow: z.int().min(1).exactOptional().describe('frames further apart do not; default twice the positive window'),
    margin: z.number().min(0).default(0.2).describe('by how much the squared distance to what does not belong is to be larger'),
    ...headOptions(2),
  }),
  input: oneClip,
  views: cropSource([0.5, 1]),
  collapse: embeddingDimOf,
  create(parts, { positiveWindow, negativeWindow, margin, ...head }) {
    const least = (negativeWindow ?? 2 * positiveWindow) + 2;
    if (parts.clipLength < least)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`clipLength\` must be at least ${least}, so that some frames lie further apart than \`negativeWindow\` (${least - 2}), got ${parts.clipLength}`,
      );
    return timeContrastive({
      backbone: parts.backbone,
      projectionHead: headOf(parts, head),
      positiveWindow,
      ...(negativeWindow !== undefined && { negativeWindow }),
      margin,
    });
  },
});

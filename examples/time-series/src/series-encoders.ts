import { defineEncoder } from '@selfsup/pretrain';
import { z } from 'zod';
import { seriesInputOf } from './series-input.ts';
import { seriesNet } from './series-net.ts';

const options = z.strictObject({
  widths: z.array(z.int().min(1)).min(1).default([32, 64, 128]).describe('channels after each convolution; the last are the features'),
  kernelSize: z.int().min(1).default(7).describe('time steps of each kernel'),
  norm: z
    .enum(['batch', 'group'])
    .default('batch')
    .describe('normalization: by statistics of the batch, or of groups of channels of each window'),
  numGroups: z.int().min(1).default(8).describe('groups of channels, of group; must divide every width'),
});

/** The convolutional encoder as runs name it. */
export const seriesNetEncoder = defineEncoder({
  name: 'series-net',
  title: 'a small convolutional network over time',
  modalities: ['time-series'],
  options,
  create: (given: z.output<typeof options>, input) => seriesNet({ channels: seriesInputOf(input).channels, ...given }),
});

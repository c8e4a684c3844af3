import { projectionHead } from '@selfsup/encoders';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { z } from 'zod';
import { normalizeWindows } from '../data/windows.ts';
import { defineSeriesTask } from '../series-task.ts';
import { hideSpan } from '../views/hide-span.ts';
import { jitter } from '../views/jitter.ts';
import { resizedCrop } from '../views/resized-crop.ts';
import { rotateAxes } from '../views/rotate-axes.ts';
import { scaling } from '../views/scaling.ts';
import { composeSeries, type SeriesTransform } from '../views/series-transform.ts';
import { timeShift } from '../views/time-shift.ts';

/** SimCLR on windows: the task is the one for images, since a window is an image of one row. */
export const seriesSimclr = defineSeriesTask({
  name: 'series-simclr',
  title: 'SimCLR on time series',
  paper: 'https://arxiv.org/abs/2002.05709',
  summary: 'The encoder learns to tell two views of a window from the views of all other windows in the batch.',
  options: z.strictObject({
    temperature: z.number().gt(0).default(0.2).describe('softmax scale: similarities are divided by it'),
    headOutput: z.int().min(1).default(64).describe('columns of the projection head'),
    headLayers: z.int().min(1).default(2).describe('its linear layers'),
    smallestCrop: z.number().gt(0).max(1).default(0.8).describe('the smallest part of a window that is stretched to a view'),
    shift: z.number().min(0).max(1).default(0.5).describe('how far views are moved in time at most, as a share of the window'),
    scaling: z.number().min(0).default(0.3).describe('deviation of the logarithm of the factor by which a view is multiplied'),
    jitter: z.number().min(0).default(0.2).describe('deviation of the noise on every value, of a deviation of 1'),
    hidden: z.number().min(0).lt(1).default(0.1).describe('share of the time steps that a view hides'),
    rotation: z.number().min(0).max(180).default(0).describe('largest angle in degrees by which sensors of three axes are turned'),
  }),
  sees: 'views',
  views:
    ({ smallestCrop, shift, scaling: factor, jitter: noise, hidden, rotation }) =>
    ({ mean, std }) => {
      const turn: readonly SeriesTransform[] = rotation > 0 ? [rotateAxes(rotation)] : [];
      const normalize: SeriesTransform = (windows) => normalizeWindows(windows, { mean, std });
      return composeSeries([
        ...turn,
        normalize,
        resizedCrop(smallestCrop),
        timeShift(shift),
        scaling(factor),
        jitter(noise),
        hideSpan(hidden),
      ]);
    },
  defaults: { optimizer: 'adamw', learningRate: 1e-3, weightDecay: 1e-4 },
  create: ({ backbone }, { temperature, headOutput, headLayers: numLayers }) => {
    const { outputDim: inputDim } = backbone;
    return simclr({
      backbone,
      projectionHead: projectionHead({ inputDim, hiddenDim: inputDim, outputDim: headOutput, numLayers }),
      temperature,
    });
  },
  collapse: ({ headOutput }) => ({ embeddingDim: headOutput }),
});

import { linear } from '@selfsup/encoders';
import { z } from 'zod';
import { normalizeWindows } from '../data/windows.ts';
import { defineSeriesTask } from '../series-task.ts';
import { rotateAxes } from '../views/rotate-axes.ts';
import { scaling } from '../views/scaling.ts';
import { composeSeries, type SeriesTransform } from '../views/series-transform.ts';
import { maskedReconstruction } from './masked-reconstruction.ts';

/** Masked reconstruction, with a linear decoder. */
export const maskedReconstructionTask = defineSeriesTask({
  name: 'masked-reconstruction',
  title: 'Masked reconstruction',
  summary: 'Spans of a window are hidden, and a linear decoder reconstructs them from the features around.',
  options: z.strictObject({
    maskRatio: z.number().gt(0).lt(1).default(0.5).describe('share of the spans that are hidden'),
    spanLength: z.int().min(1).default(16).describe("time steps of a span, a divisor of the windows' length"),
    scaling: z.number().min(0).default(0.1).describe('deviation of the logarithm of the factor by which a window is multiplied'),
    rotation: z.number().min(0).max(180).default(0).describe('largest angle in degrees by which sensors of three axes are turned'),
  }),
  sees: 'windows',
  views:
    ({ scaling: factor, rotation }) =>
    ({ mean, std }) => {
      const turn: readonly SeriesTransform[] = rotation > 0 ? [rotateAxes(rotation)] : [];
      return composeSeries([...turn, (windows) => normalizeWindows(windows, { mean, std }), scaling(factor)]);
    },
  encoderOptions: { widths: [32, 64, 64, 128] }, // one more than usual: what is hidden can only be told from further away
  defaults: { optimizer: 'adamw', learningRate: 1e-3, weightDecay: 1e-4 },
  create: ({ backbone, channels }, { maskRatio, spanLength }) =>
    maskedReconstruction({
      backbone,
      decoder: linear({ inputDim: backbone.outputDim, outputDim: backbone.stride * channels }),
      maskRatio,
      spanLength,
    }),
});

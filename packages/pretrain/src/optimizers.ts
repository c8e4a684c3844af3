import type { Schedule } from '@selfsup/core';
import { adamW, chain, clipByGlobalNorm, lars, noDecayOnNorms, sgd, type GradientTransform } from '@selfsup/optim';
import type { GivenSettings, OptimizerName, Settings } from './settings.ts';

interface OptimizerPreset {
  /** The highest rate for updates of so many samples. */
  rateFor(samples: number): number;
  readonly weightDecay: number;
  create(settings: Settings, learningRate: Schedule): GradientTransform;
}

/** The optimizers by name; AdamW and LARS spare biases and norms from the decay. */
const presets: Readonly<Record<OptimizerName, OptimizerPreset>> = {
  sgd: {
    rateFor: (samples) => (0.06 * samples) / 128,
    weightDecay: 5e-4,
    create: ({ momentum, weightDecay }, learningRate) => sgd({ learningRate, momentum, weightDecay }),
  },
  adamw: {
    rateFor: (samples) => (1e-3 * samples) / 256, // papers have 1.5e-4 / 256, for hundreds of epochs and batches in the thousands
    weightDecay: 0.05,
    create: ({ momentum: beta1, beta2, epsilon, biasCorrection, weightDecay }, learningRate) =>
      adamW({ learningRate, weightDecay, beta1, beta2, epsilon, biasCorrection, mask: noDecayOnNorms }),
  },
  lars: {
    rateFor: (samples) => 0.075 * Math.sqrt(samples), // SimCLR's for small batches and few epochs
    weightDecay: 1e-6,
    create: ({ momentum, weightDecay, trustCoefficient, trustClip: clip }, learningRate) =>
      lars({ learningRate, momentum, weightDecay, trustCoefficient, clip }),
  },
};

/** The settings that one optimizer alone heeds, and which. Internal. */
export const onlyOf = [
  ...(['beta2', 'epsilon', 'biasCorrection'] as const).map((name) => [name, 'adamw'] as const),
  ...(['trustCoefficient', 'trustClip'] as const).map((name) => [name, 'lars'] as const),
];

/**
 * The learning rate, by the `rateScale` of a task, and the weight decay of an optimizer unless the user, the task or the modality gives others. Internal.
 */
export function optimizerDefaults(
  name: OptimizerName,
  updateSize: number,
  rateScale: Readonly<Partial<Record<OptimizerName, number>>> = {},
): Required<Pick<GivenSettings, 'learningRate' | 'weightDecay'>> {
  const preset = presets[name];
  return { learningRate: preset.rateFor(updateSize) * (rateScale[name] ?? 1), weightDecay: preset.weightDecay };
}

/** Builds the optimizer of a run. Internal. */
export function createOptimizer(settings: Settings, learningRate: Schedule): GradientTransform {
  const optimizer = presets[settings.optimizer].create(settings, learningRate);
  return settings.clipNorm === undefined ? optimizer : chain(clipByGlobalNorm(settings.clipNorm), optimizer);
}

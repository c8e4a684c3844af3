import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createOptimizer } from './optimizers.ts';
import { settingsSchema } from './settings.ts';

/** The update of a kernel of norm 5 by a gradient of norm 2, at a learning rate of 0.5. */
async function updateOf(given: Record<string, unknown>): Promise<number[]> {
  const settings = settingsSchema.parse({ task: 'simclr', encoder: 'conv-net', batchSize: 8, learningRate: 0.5, weightDecay: 0, ...given });
  const variables = { kernel: tf.tidy(() => tf.variable(tf.tensor2d([[3, 4]]))) };
  const state = createOptimizer(settings, () => 0.5).init(variables);
  const update = tf.tidy(() => state.update({ kernel: tf.tensor2d([[0, 2]]) }, { step: 0, variables })['kernel']!);
  const values = [...(await update.data())];
  state.dispose();
  tf.dispose([variables, update]);
  return values;
}

it.each([
  [{ optimizer: 'sgd' }, -0.5 * 2],
  [{ optimizer: 'lars' }, -0.5 * 0.001 * (5 / 2) * 2],
  [{ optimizer: 'lars', trustCoefficient: 0.02 }, -0.5 * 0.02 * (5 / 2) * 2],
  [{ optimizer: 'lars', trustCoefficient: 0.02, trustClip: true }, -0.02 * (5 / 2) * 2],
  [{ optimizer: 'lars', trustCoefficient: 1, trustClip: true }, -0.5 * 2],
])('%j changes a weight by %d', async (given, change) => {
  const [still, moved] = await updateOf(given);
  expect(still).toBeCloseTo(0, 7);
  expect(moved).toBeCloseTo(change, 6);
});

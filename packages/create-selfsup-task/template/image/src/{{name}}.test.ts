import { registerGradients } from '@selfsup/backends';
import { createRng, createStepContext, drawUniform } from '@selfsup/core';
import { linear, sequential, stateless } from '@selfsup/encoders';
import { parseOptions } from '@selfsup/pretrain';
import { conformanceChecks } from '@selfsup/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { {{camelName}}Recipe } from './{{name}}-recipe.ts';
import { {{camelName}} } from './{{name}}.ts';

await registerGradients();

// networks as small as can be: the checks make some hundred passes
const [rows, size, channels] = [6, 4, 3];
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
  dense: linear({ inputDim: size * size * channels, outputDim: 8 }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
});
const projectionHead = linear({ inputDim: 8, outputDim: 4 });
const task = {{camelName}}({ backbone, projectionHead });
const draw = (step: number, view: number) =>
  tf.tensor4d(drawUniform(createRng(1).fold(step).fold(view), rows * size * size * channels), [rows, size, size, channels]);
const batchAt = (step: number) => ({ views: [draw(step, 0), draw(step, 1)] });

describe('the contract of pretext tasks', () => {
  for (const { name, skipped, run } of conformanceChecks({ task, batchAt })) it.skipIf(skipped !== undefined)(name, run);
});

describe('{{name}}', () => {
  const creation = { rng: createRng(0), totalSteps: 10 };
  const context = createStepContext({ ...creation, step: 0 });

  it('finds no distance between equal views', async () => {
    const run = task.create(creation);
    const { alignment } = tf.tidy(() => {
      const view = draw(0, 0);
      return run.loss(run.embed({ views: [view, view] }, {}, context), {}, context).metrics as { alignment: tf.Scalar };
    });
    expect((await alignment.data())[0]).toBeCloseTo(0, 6);
    alignment.dispose();
    run.dispose();
  });

  it('says what it needs', () => {
    expect(() => {{camelName}}({ backbone, projectionHead, uniformityWeight: -1 })).toThrow('`uniformityWeight` must be a number >= 0, got -1');
    const run = task.create(creation);
    expect(() => run.embed({ views: [] }, {}, context)).toThrow('`views` must be two or more tensors, got 0');
    run.dispose();
  });

  it('has options with defaults', () => {
    expect(parseOptions({{camelName}}Recipe.options, {}, { who: 'task {{name}}' })).toEqual({ uniformityWeight: 1, headOutput: 64 });
  });
});

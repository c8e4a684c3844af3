import { registerGradients } from '@selfsup/backends';
import { createRng, createStepContext, drawUniform } from '@selfsup/core';
import { bert, linear } from '@selfsup/encoders';
import { parseOptions } from '@selfsup/pretrain';
import { conformanceChecks } from '@selfsup/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { {{camelName}}Recipe } from './{{name}}-recipe.ts';
import { {{camelName}} } from './{{name}}.ts';

await registerGradients();

// networks as small as can be: the checks make some hundred passes
const [rows, length, vocabularySize, width] = [4, 6, 12, 8];
const backbone = bert({ vocabularySize, maxPositions: length, numLayers: 1, width, numHeads: 2, dropoutRate: 0, attentionDropoutRate: 0 });
const head = linear({ inputDim: width, outputDim: 1 });
const task = {{camelName}}({ backbone, head, vocabularySize, replaceRate: 0.5 });
const batchAt = (step: number) => {
  const ids = drawUniform(createRng(1).fold(step), rows * length).map((value) => Math.floor(value * vocabularySize));
  return { tokenIds: tf.tensor2d(ids, [rows, length], 'int32') };
};

describe('the contract of pretext tasks', () => {
  for (const { name, skipped, run } of conformanceChecks({ task, batchAt })) it.skipIf(skipped !== undefined)(name, run);
});

describe('{{name}}', () => {
  const creation = { rng: createRng(0), totalSteps: 10 };
  const context = createStepContext({ ...creation, step: 0 });

  it('marks exactly the tokens that differ, and leaves padding alone', async () => {
    const run = task.create(creation);
    const { tokenIds } = batchAt(0);
    const attentionMask = tf.tensor2d(new Array<number[]>(rows).fill([1, 1, 1, 1, 0, 0]));
    const { corruptedIds, replaced } = tf.tidy(() => run.targets!({ tokenIds, attentionMask }, context));
    const [before, after, marks] = await Promise.all([tokenIds.array(), corruptedIds.array(), replaced.array()]);
    expect(marks).toEqual(after.map((row, i) => row.map((id, j) => Number(id !== before[i]![j]))));
    expect(marks.flatMap((row) => row.slice(4))).toEqual(new Array(2 * rows).fill(0));
    expect(marks.flat()).toContain(1);
    tf.dispose([tokenIds, attentionMask, corruptedIds, replaced]);
    run.dispose();
  });

  it('says what it needs', () => {
    expect(() => {{camelName}}({ backbone, head, vocabularySize, replaceRate: 1 })).toThrow('`replaceRate` must be a number in (0, 1), got 1');
  });

  it('has options with defaults', () => {
    expect(parseOptions({{camelName}}Recipe.options, {}, { who: 'task {{name}}' })).toEqual({ replaceRate: 0.15 });
  });
});

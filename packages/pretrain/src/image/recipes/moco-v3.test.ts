import { createRng } from '@selfsup/core';
import { convNet } from '@selfsup/encoders';
import { expect, it } from 'vitest';
import { mocoV3Task } from './moco-v3.ts';

it('ends its projection in a normalization, but not in runs from before there was the option', () => {
  const endOf = (options: object) => {
    const parts = { backbone: convNet({ widths: [4, 8] }), totalSteps: 10 };
    const task = mocoV3Task.create(parts as never, options as never);
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    const paths = [...Object.keys(run.trainable), ...Object.keys(run.buffers)].filter((path) => /^projectionHead\/\w+2\//.test(path));
    run.dispose();
    return paths.sort();
  };
  const recorded = { temperature: 0.2, momentum: 0.99, headOutput: 6, headLayers: 2 };
  expect(endOf({ ...recorded, normalizeLast: true })).toEqual([
    'projectionHead/linear2/kernel',
    'projectionHead/norm2/mean',
    'projectionHead/norm2/variance',
  ]);
  expect(endOf(recorded)).toEqual(['projectionHead/linear2/bias', 'projectionHead/linear2/kernel']);
});

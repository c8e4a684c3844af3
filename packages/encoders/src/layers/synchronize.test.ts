import { createRng, drawNormal, soloCollective, type Collective, type Module } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { convNet } from '../conv-net.ts';
import { projectionHead } from '../projection-head.ts';
import { residualBlock } from '../residual-block.ts';
import { batchNorm } from './batch-norm.ts';
import { normLayer } from './norm.ts';
import { splitBatchNorm } from './split-batch-norm.ts';

/** Two ranks with the same rows: statistics and gradients are those of one, and each exchange is counted. */
const twins = () => {
  const seen = { calls: 0 };
  const collective: Collective = {
    ...soloCollective,
    worldSize: 2,
    allGatherSync: <T extends tf.Tensor>(x: T): T => {
      seen.calls++;
      return tf.concat([x as tf.Tensor, x], 0) as T;
    },
  };
  return { seen, collective };
};

const draw = (shape: number[], scale = 1) =>
  tf.tensor(
    drawNormal(
      createRng(1),
      shape.reduce((a, b) => a * b),
      { mean: 1, standardDeviation: scale },
    ),
    shape,
  );

/** Output and gradients of a network that trains, with the variances that it keeps. */
function train(make: () => Module, shape: number[], options: { synchronize?: Collective; recompute?: boolean }) {
  const module = make();
  const found = tf.tidy(() => {
    const x = draw(shape);
    const y = module.apply(x, { training: true, updateStatistics: false, ...options });
    const loss = (input: tf.Tensor) => tf.sum(tf.mul(module.apply(input, { training: true, ...options }), draw(y.shape, 2)));
    const gradient = tf.grad(loss)(x);
    const variances = Object.entries(module.buffers).flatMap(([path, variable]) =>
      path.endsWith('variance') ? [...variable.dataSync()] : [],
    );
    return { y: [...y.dataSync()], gradient: [...gradient.dataSync()], variances };
  });
  module.dispose();
  return found;
}

const apart = (actual: readonly number[], expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / Math.max(...expected.map(Math.abs));

const block = residualBlock({
  kind: 'basic',
  inChannels: 3,
  width: 4,
  stride: 2,
  norm: normLayer('test', {}),
  zeroInitLastNorm: false,
});

// each exchange three times: without a tape, in the forward and in the backward pass; with recomputation once more
test.each<[string, (rng: ReturnType<typeof createRng>) => Module, number[], { norms: number; recompute?: boolean }]>([
  ['batchNorm', batchNorm<tf.Tensor2D>({ channels: 5 }), [8, 5], { norms: 1 }],
  ['convNet', convNet({ channels: 3, widths: [4, 8] }), [4, 8, 8, 3], { norms: 2 }],
  ['convNet that is computed again', convNet({ channels: 3, widths: [4, 8] }), [4, 8, 8, 3], { norms: 2, recompute: true }],
  ['a residual block', block, [4, 6, 6, 3], { norms: 3 }],
  ['a residual block that is computed again', block, [4, 6, 6, 3], { norms: 3, recompute: true }],
  [
    'projectionHead',
    projectionHead({ inputDim: 6, hiddenDim: 5, outputDim: 4, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' }),
    [8, 6],
    { norms: 3 },
  ],
])('%s takes the statistics of all ranks', (_, make, shape, { norms, recompute = false }) => {
  const { seen, collective } = twins();
  const together = train(() => make(createRng(0)), shape, { synchronize: collective, recompute });
  expect(seen.calls).toBe((recompute ? 4 : 3) * norms);
  const alone = train(() => make(createRng(0)), shape, { recompute });
  expect(apart(together.y, alone.y)).toBeLessThan(1e-5);
  expect(apart(together.gradient, alone.gradient)).toBeLessThan(1e-4);
  // unbiased of twice as many values
  expect(together.variances.every((variance, i) => variance < alone.variances[i]!)).toBe(true);
  expect(apart(together.variances, alone.variances)).toBeLessThan(0.1);
});

test('a batch norm alone, one that is frozen, and one of parts of the batch exchange nothing', () => {
  const { seen, collective } = twins();
  const [split, frozen] = [
    splitBatchNorm<tf.Tensor2D>({ channels: 3, numSplits: 2 })(createRng(0)),
    batchNorm<tf.Tensor2D>({ channels: 3 })(createRng(0)),
  ];
  frozen.trainable['scale']!.trainable = false;
  tf.tidy(() => {
    const x = draw([4, 3]) as tf.Tensor2D;
    split.apply(x, { training: true, synchronize: collective });
    frozen.apply(x, { training: true, synchronize: collective });
    frozen.apply(x, { training: false, synchronize: collective });
  });
  expect(seen.calls).toBe(0);
  for (const module of [split, frozen]) module.dispose();
});

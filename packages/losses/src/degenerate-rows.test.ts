import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { barlowTwinsLoss } from './barlow-twins-loss.ts';
import { decoupledContrastiveLoss } from './decoupled-contrastive-loss.ts';
import { clipLoss } from './clip-loss.ts';
import { empSslLoss } from './emp-ssl-loss.ts';
import { featureContrastLoss } from './feature-contrast-loss.ts';
import { featureDistillationLoss } from './feature-distillation-loss.ts';
import { frosslLoss } from './frossl-loss.ts';
import { infoNce } from './info-nce.ts';
import { koLeoLoss } from './ko-leo-loss.ts';
import { lejepaLoss } from './lejepa-loss.ts';
import { mmcrLoss } from './mmcr-loss.ts';
import { negativeCosineSimilarity } from './negative-cosine-similarity.ts';
import { ntXent } from './nt-xent.ts';
import { resslLoss } from './ressl-loss.ts';
import { supConLoss } from './sup-con-loss.ts';
import { siglipLoss } from './siglip-loss.ts';
import { ticoLoss } from './tico-loss.ts';
import { tripletLoss } from './triplet-loss.ts';
import { vibcregLoss } from './vibcreg-loss.ts';
import { vicregLocalLoss } from './vicreg-local-loss.ts';
import { vicregLoss } from './vicreg-loss.ts';
import { visregLoss } from './visreg-loss.ts';
import { wMseLoss } from './w-mse-loss.ts';

// A unit that died, or a projection that collapsed, must not turn the weights into NaN: torch's norm and deviation have the slope 0 where they are 0, and so have ours.
const [n, dim] = [8, 4];
const normal = (tag: string, shape: [number, number]) => tf.tensor2d(drawNormal(createRng(0).fold(tag), shape[0] * shape[1]), shape);
const fixed = {
  directions: normal('directions', [dim, 3]),
  queue: normal('queue', [5, dim]),
  teacher: normal('teacher', [n, dim]),
  labels: tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'),
  covariance: tf.zeros<tf.Rank.R2>([dim, dim]),
};
afterAll(() => {
  tf.dispose(fixed);
});
const places = (x: tf.Tensor2D) => tf.reshape<tf.Rank.R3>(x, [2, n / 2, dim]);

const losses: Record<string, (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Scalar> = {
  barlowTwinsLoss: (a, b) => barlowTwinsLoss(a, b),
  clipLoss: (a, b) => clipLoss(a, b),
  decoupledContrastiveLoss: (a, b) => decoupledContrastiveLoss(a, b),
  empSslLoss: (a, b) => empSslLoss([a, b]),
  featureContrastLoss: (a, b) => featureContrastLoss([a], [b]),
  featureDistillationLoss: (a, b) => featureDistillationLoss(a, b),
  frosslLoss: (a, b) => frosslLoss([a, b]),
  infoNce: (a, b) => infoNce(a, b, { queue: fixed.queue }),
  koLeoLoss: (a, b) => tf.add(koLeoLoss(a), koLeoLoss(b)),
  lejepaLoss: (a, b) => lejepaLoss([a, b], { directions: fixed.directions }),
  mmcrLoss: (a, b) => mmcrLoss([a, b], { localWeight: 0.1 }),
  negativeCosineSimilarity: (a, b) => negativeCosineSimilarity([a], [b]),
  ntXent: (a, b) => ntXent([a, b]),
  resslLoss: (a, b) => tf.add(resslLoss(a, fixed.teacher, { queue: fixed.queue }), resslLoss(b, fixed.teacher, { queue: fixed.queue })),
  siglipLoss: (a, b) => siglipLoss(a, b),
  supConLoss: (a, b) => supConLoss([a, b], { labels: fixed.labels }),
  ticoLoss: (a, b) => ticoLoss(a, b, { covariance: fixed.covariance, momentum: 0.9 }),
  tripletLoss: (a, b) => tripletLoss({ anchor: a, positive: b, negative: tf.mul(a, 2) }),
  vibcregLoss: (a, b) => vibcregLoss(a, b),
  vicregLocalLoss: (a, b) => vicregLocalLoss(places(a), places(b)),
  vicregLoss: (a, b) => vicregLoss(a, b),
  visregLoss: (a, b) => visregLoss([a, b], { directions: fixed.directions }),
  wMseLoss: (a, b) => wMseLoss([a, b], { epsilon: 1e-3 }), // without it there is nothing to divide by
};
const noFirst = tf.tensor2d([[0, 1, 1, 1]]);
afterAll(() => {
  noFirst.dispose();
});
const rows: Record<string, (tag: string) => tf.Tensor2D> = {
  'all zero': () => tf.zeros([n, dim]),
  'one zero row': (tag) => tf.mul(normal(tag, [n, dim]), tf.tensor2d([0, 1, 1, 1, 1, 1, 1, 1], [n, 1])),
  'a zero column': (tag) => tf.mul(normal(tag, [n, dim]), noFirst),
  'a constant column': (tag) => tf.add(tf.mul(normal(tag, [n, dim]), noFirst), tf.sub(1, noFirst)),
  'equal rows': () => tf.tile(tf.tensor2d([[0.3, -0.7, 0.2, 1.1]]), [n, 1]),
};

it.each(Object.entries(losses))('%s has finite values and gradients, whatever died', (_, loss) => {
  for (const [kind, make] of Object.entries(rows))
    tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) => loss(a as tf.Tensor2D, b as tf.Tensor2D))([
        make('a'),
        make('b'),
      ]);
      const all = [value, ...grads].flatMap((tensor) => [...tensor.dataSync()]);
      expect(all.every(Number.isFinite), `${kind}: ${all.join(', ')}`).toBe(true);
    });
});

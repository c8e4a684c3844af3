import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, stopGradient } from '@selfsup/core';
import { checkViews } from './check-views.ts';
import { checkTermWeights } from './check-term-weights.ts';
import { checkNumGlobal, distanceFromCenter } from './lejepa-loss.ts';
import { normalQuantile } from './normal-quantile.ts';
import { checkDirections } from './sig-reg.ts';

/** For each number of the columns `[n, slices]` the quantile of its place; nothing of it is taped, as a custom gradient has no tape inside. */
const quantilesOfPlaces = (along: tf.Tensor2D, quantiles: tf.Tensor1D): tf.Tensor2D =>
  tf.customGrad((x) => ({
    value: tf.gather(quantiles, ranksOfColumns(x as tf.Tensor2D)),
    gradFunc: () => tf.zerosLike(along),
  }))(along) as unknown as tf.Tensor2D;

/** Options of {@link visregLoss}. */
export interface VisregLossOptions {
  /** float32 `[dim, numSlices]`: the directions along which the rows are looked at, unit columns; draw them anew in each step. */
  directions: tf.Tensor2D;
  /** How many of the views, the first ones, make the center that all are drawn to; ≥ 1, default 2. */
  numGlobal?: number;
  /** The weight of the three regularizers together, in [0, 1]; the agreement has the rest. Default 0.9; the paper has 0.6 for small data. */
  regularizationWeight?: number;
  /** The weight of the columns' deviation, ≥ 0; default 1. */
  scaleWeight?: number;
  /** The weight of the distribution along directions, ≥ 0; default 1. */
  shapeWeight?: number;
  /** The weight of the columns' means, ≥ 0; default 1. */
  centerWeight?: number;
}

const EPSILON = 1e-4;

/** Which place, from 0, each number of a column has when the column is sorted; no gradient. */
function ranksOfColumns(x: tf.Tensor2D): tf.Tensor2D {
  const n = x.shape[0];
  const order = tf.topk(tf.neg(tf.transpose(x)), n, true).indices; // [slices, n]: who stands at each place
  const places = tf.topk(tf.neg(tf.cast(order, 'float32')), n, true).indices; // and at which place each stands
  return tf.transpose(places);
}

/**
 * VISReg's loss: all views of an image are drawn to the center of its global ones, while the columns of each view keep mean 0 and deviation 1, and its rows, looked at
 * along random directions, are spread like a Gaussian.
 *
 * (1 − λ) · agreement + λ · (scaleWeight · mean_j (1 − σⱼ)² + shapeWeight · mean (sorted ⟨a, (z − μ)/(σ + 1e-4)⟩ − quantiles)² + centerWeight · mean_j μⱼ²), the
 * agreement as in `lejepaLoss`; the quantiles are those of the standard normal distribution at i/(n + 1).
 *
 * @param views two or more float32 `[n, dim]`, n ≥ 2, not normalized, the global ones first; row i of each comes from image i
 * @param options see {@link VisregLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views or rows, unequal shapes or directions that do not fit; `SELFSUP_DTYPE` unless float32;
 * `SELFSUP_OPTION` on an option out of range
 * @see Wu et al.: "VISReg", eq. 1 to 8, https://arxiv.org/abs/2606.02572
 * @remarks Deviations are the biased ones; that by which rows are divided carries no gradient. Instead of sorting, each number is compared with the quantile of its
 * place, which has the same value and gradient.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { visregLoss } from '@selfsup/losses';
 * const views = [tf.randomNormal<tf.Rank.R2>([8, 2]), tf.randomNormal<tf.Rank.R2>([8, 2])];
 * visregLoss(views, { directions: tf.tensor2d([[1, 0], [0, 1]]) }).print();
 * ```
 */
export function visregLoss(views: readonly tf.Tensor2D[], options: VisregLossOptions): tf.Scalar {
  const { directions, numGlobal = 2, regularizationWeight = 0.9, scaleWeight = 1, shapeWeight = 1, centerWeight = 1 } = options;
  checkViews('visregLoss', views, { rows: 2 });
  checkNumGlobal('visregLoss', numGlobal, views.length);
  checkDirections('visregLoss', directions, views[0]!.shape[1]);
  checkTermWeights('visregLoss', { scaleWeight, shapeWeight, centerWeight });
  if (!(regularizationWeight >= 0 && regularizationWeight <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `visregLoss: \`regularizationWeight\` must be in [0, 1], got ${regularizationWeight}`);
  return tf.tidy(() => {
    const n = views[0]!.shape[0];
    const quantiles = tf.tensor1d(Array.from({ length: n }, (_, i) => normalQuantile((i + 1) / (n + 1))));
    const perView = views.map((view) => {
      const means = tf.mean(view, 0); // [dim]
      const centered = tf.sub<tf.Tensor2D>(view, means);
      const deviations = tf.sqrt(tf.maximum(tf.mean(tf.square(centered), 0), 1e-14)); // the root's slope at 0 is infinite
      const along = tf.matMul<tf.Tensor2D>(tf.div(centered, tf.add(stopGradient(deviations), EPSILON)), directions); // [n, slices]
      const wanted = quantilesOfPlaces(along, quantiles);
      const scale = tf.mean(tf.square(tf.sub(1, deviations)));
      const shape = tf.mean(tf.squaredDifference(along, wanted));
      const center = tf.mean(tf.square(means));
      return tf.add(tf.add(tf.mul(scale, scaleWeight), tf.mul(shape, shapeWeight)), tf.mul(center, centerWeight));
    });
    return tf.add<tf.Scalar>(
      tf.mul(distanceFromCenter(views, numGlobal), 1 - regularizationWeight),
      tf.mul(tf.div(tf.addN(perView), views.length), regularizationWeight),
    );
  });
}

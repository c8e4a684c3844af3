import * as tf from '@tensorflow/tfjs-core';
import { oneHot, SelfsupError } from '@selfsup/core';
import { checkTermWeights } from './check-term-weights.ts';

/** Options of {@link vicregLocalLoss}. */
export interface VicregLocalLossOptions {
  /** Where the places of `a` and of `b` lie in the image, float32 `[n, placesA, 2]` and `[n, placesB, 2]`; default unknown: matched by features alone. */
  locations?: readonly [tf.Tensor3D, tf.Tensor3D];
  /** How many pairs are kept of those that start in `a`, and of those that start in `b`, the nearest ones; integers ≥ 1, default 20 and 4. At most all places. */
  numMatches?: readonly [number, number];
  /** The weight of the invariance term, ≥ 0; default 25. */
  invarianceWeight?: number;
  /** The weight of the variance term, ≥ 0; default 25. */
  varianceWeight?: number;
  /** The weight of the covariance term, ≥ 0; default 1, of the mean of both sides' terms. */
  covarianceWeight?: number;
}

/**
 * The local criterion of VICRegL between two views: places that match, by where they lie and by what they look like, agree as VICReg demands.
 *
 * Each place of one view is paired with the nearest place of the other, by location and by features apart; of the pairs of each image the nearest are kept; the
 * criterion of VICReg is the mean of that of the pairs from `a` and of that of the pairs from `b`, with variances and covariances over the images for the first
 * pair, the second, and so on.
 *
 * @param a float32 `[n, placesA, dim]`, n ≥ 2: projections of the places of one view, not normalized
 * @param b float32 `[n, placesB, dim]`: those of the other view, of the same images
 * @param options see {@link VicregLocalLossOptions}
 * @returns float32 scalar: the criterion by features + the criterion by location
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit or a single image; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of range
 * @see Bardes, Ponce, LeCun: "VICRegL: Self-Supervised Learning of Local Visual Features", section 3.2, https://arxiv.org/abs/2210.01571
 * @remarks As in lightly: pairs are in the order of their distance, which the variances depend on; 20 pairs start in the first view and 4 in the second, whatever
 * their size; and the covariance term is half of VICReg's. For two orders of views take the mean of both. No gradient goes through which places match.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { vicregLocalLoss } from '@selfsup/losses';
 * const maps = tf.randomNormal<tf.Rank.R3>([8, 16, 4], 0, 1, 'float32', 1);
 * vicregLocalLoss(maps, maps, { varianceWeight: 0, covarianceWeight: 0 }).print(); // 0: each place is its own neighbor
 * ```
 */
export function vicregLocalLoss(a: tf.Tensor3D, b: tf.Tensor3D, options: VicregLocalLossOptions = {}): tf.Scalar {
  const { locations, numMatches = [20, 4], invarianceWeight = 25, varianceWeight = 25, covarianceWeight = 1 } = options;
  check(a, b, options);
  checkTermWeights('vicregLocalLoss', { invarianceWeight, varianceWeight, covarianceWeight });
  if (!numMatches.every((count) => Number.isInteger(count) && count >= 1))
    throw new SelfsupError('SELFSUP_OPTION', `vicregLocalLoss: \`numMatches\` must be two integers >= 1, got [${numMatches.join(', ')}]`);
  const criterion = (pairs: readonly [tf.Tensor, tf.Tensor]) => {
    const sides = pairs.map(regularizers);
    const half = (terms: tf.Tensor[], weight: number) => tf.mul(tf.addN(terms), weight / 2);
    return tf.addN<tf.Scalar>([
      tf.mul(tf.mean<tf.Scalar>(tf.squaredDifference(pairs[0], pairs[1])), invarianceWeight),
      half(
        sides.map(({ variance }) => variance),
        varianceWeight,
      ) as tf.Scalar,
      half(
        sides.map(({ covariance }) => covariance),
        covarianceWeight,
      ) as tf.Scalar,
    ]);
  };
  return tf.tidy(() => {
    const between = (coordinates: readonly [tf.Tensor3D, tf.Tensor3D]) => {
      const fromA = matched(a, b, { at: coordinates, count: numMatches[0] });
      const fromB = matched(b, a, { at: [coordinates[1], coordinates[0]], count: numMatches[1] });
      return tf.div<tf.Scalar>(tf.add(criterion(fromA), criterion(fromB)), 2);
    };
    const byFeatures = between([a, b]);
    return locations ? tf.add<tf.Scalar>(byFeatures, between(locations)) : byFeatures;
  });
}

/** Of each place of `x` with that of `y` at the least of the distances the nearest pairs: two of `[n, kept, dim]`. */
function matched(
  x: tf.Tensor3D,
  y: tf.Tensor3D,
  { at, count }: { at: readonly [tf.Tensor3D, tf.Tensor3D]; count: number },
): readonly [tf.Tensor3D, tf.Tensor3D] {
  const places = x.shape[1];
  const kept = Math.min(count, places);
  const choose = () => {
    const distances = squaredDistances(...at); // [n, placesX, placesY]
    const nearest = oneHot(tf.argMin<tf.Tensor2D>(distances, 2), y.shape[1]); // [n, placesX, placesY]
    const { indices } = tf.topk(tf.neg(tf.min<tf.Tensor2D>(distances, 2)), kept); // the nearest first
    const mine = oneHot(indices, places); // [n, kept, placesX]
    return tf.concat([mine, tf.matMul(mine, nearest)], 2);
  };
  // inside a custom gradient nothing is taped
  const chosen = tf.customGrad(() => ({ value: choose(), gradFunc: () => at.map((tensor) => tf.zerosLike(tensor)) }))(...at);
  const [mine, partners] = tf.split(chosen, [places, y.shape[1]], 2) as [tf.Tensor3D, tf.Tensor3D];
  return [tf.matMul(mine, x), tf.matMul(partners, y)];
}

/** `[n, placesA, placesB]`. */
function squaredDistances(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const squares = (x: tf.Tensor3D) => tf.sum(tf.square(x), 2, true); // [n, places, 1]
  return tf.add<tf.Tensor3D>(tf.sub(squares(a), tf.mul(tf.matMul(a, b, false, true), 2)), tf.transpose(squares(b), [0, 2, 1]));
}

/** The terms of VICReg of `[n, pairs, dim]`, over the images for each pair apart; both are means over the pairs. */
function regularizers(x: tf.Tensor): { variance: tf.Scalar; covariance: tf.Scalar } {
  const [n, pairs, dim] = x.shape as [number, number, number];
  const centered = tf.transpose(tf.sub(x, tf.mean(x, 0, true)), [1, 0, 2]); // [pairs, n, dim]
  const variances = tf.div(tf.sum(tf.square(centered), 1), n - 1); // [pairs, dim]
  const covariances = tf.div(tf.matMul(centered, centered, true), n - 1); // [pairs, dim, dim]
  const offDiagonal = tf.sub(tf.sum(tf.square(covariances)), tf.sum(tf.square(variances)));
  return {
    variance: tf.mean<tf.Scalar>(tf.relu(tf.sub(1, tf.sqrt(tf.add(variances, 1e-4))))),
    covariance: tf.div<tf.Scalar>(offDiagonal, pairs * dim),
  };
}

function check(a: tf.Tensor3D, b: tf.Tensor3D, { locations }: VicregLocalLossOptions): void {
  const format = (tensor: tf.Tensor) => `[${tensor.shape.join(', ')}]`;
  const fail = (name: string, shape: string, got: tf.Tensor) => {
    throw new SelfsupError('SELFSUP_SHAPE', `vicregLocalLoss: \`${name}\` must have shape ${shape}, got ${format(got)}`);
  };
  const [n, placesA, dim] = a.shape;
  if (a.rank !== 3 || a.size === 0 || n < 2) fail('a', '[n >= 2, places >= 1, dim >= 1]', a);
  if (b.rank !== 3 || b.size === 0 || b.shape[0] !== n || b.shape[2] !== dim) fail('b', `[${n}, places >= 1, ${dim}]`, b);
  for (const [i, places] of [placesA, b.shape[1]].entries()) {
    const at = locations?.[i];
    if (at && at.shape.join() !== [n, places, 2].join()) fail(`locations[${i}]`, `[${n}, ${places}, 2]`, at);
  }
  for (const [name, tensor] of Object.entries({ a, b, 'locations[0]': locations?.[0], 'locations[1]': locations?.[1] }))
    if (tensor && tensor.dtype !== 'float32')
      throw new SelfsupError('SELFSUP_DTYPE', `vicregLocalLoss: \`${name}\` must be float32, got ${tensor.dtype}`);
}

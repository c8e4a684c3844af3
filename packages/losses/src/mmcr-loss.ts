import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/core';
import { checkTermWeights } from './check-term-weights.ts';
import { checkViews } from './check-views.ts';

/** Options of {@link mmcrLoss}. */
export interface MmcrLossOptions {
  /** The weight λ of the size of each image's own manifold, ≥ 0; default 0 as in the paper; 0.005 in lightly. */
  localWeight?: number;
}

/** Steps after which singular values of 1e-6 of the norm have become 1: each multiplies small ones by 1.5. */
const STEPS = 40;

/**
 * The orthogonal factors of matrices `[count, rows, columns]`, U·Vᵀ of their singular value decompositions, by Newton and Schulz's iteration; a direction in which a
 * matrix has next to nothing stays so.
 */
function polarFactors(matrices: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const norms = tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true));
    let x = tf.div<tf.Tensor3D>(matrices, tf.maximum(norms, 1e-12));
    const [, rows, columns] = x.shape;
    for (let step = 0; step < STEPS; step++) {
      const before = x;
      x = tf.tidy(() => {
        const cubed =
          rows < columns
            ? tf.matMul(tf.matMul(before, before, false, true), before) // through the smaller square
            : tf.matMul(before, tf.matMul(before, before, true));
        return tf.sub<tf.Tensor3D>(tf.mul(before, 1.5), tf.mul(cubed, 0.5));
      });
      before.dispose();
    }
    return x;
  });
}

/** The sums of the singular values of matrices `[count, rows, columns]`, `[count]`; the gradient is the orthogonal factor. */
const nuclearNorms = tf.customGrad((x, save) => {
  const matrices = x as tf.Tensor3D;
  const factors = polarFactors(matrices);
  (save as tf.GradSaveFunc)([factors]);
  const count = matrices.shape[0];
  return {
    value: tf.sum(tf.mul(matrices, factors), [1, 2]),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.reshape(dy, [count, 1, 1]), saved[0]!),
  };
});

/**
 * MMCR's loss: the mean embeddings of the images fill the space, measured by the sum of their singular values.
 *
 * −‖C‖₊ + localWeight · mean over images of ‖Zᵢ‖₊, where ‖·‖₊ is the sum of the singular values, row i of C `[n, dim]` is the mean over the views of the unit
 * embeddings of image i, and Zᵢ `[views, dim]` holds these.
 *
 * @param views two or more float32 `[n, dim]`. Rows are L2-normalized inside
 * @param options see {@link MmcrLossOptions}
 * @returns float32 scalar
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad weight
 * @see Yerxa et al.: "Learning Efficient Coding of Natural Images with Maximum Manifold Capacity Representations", eq. 4, https://arxiv.org/abs/2303.03307
 * @remarks By products alone, 40 steps of Newton and Schulz, so that it runs on every backend. lightly leaves the normalization to the caller.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { mmcrLoss } from '@selfsup/losses';
 * const view = tf.tensor2d([[1, 0], [0, 1]]);
 * mmcrLoss([view, view]).print(); // -2
 * ```
 */
export function mmcrLoss(views: readonly tf.Tensor2D[], options: MmcrLossOptions = {}): tf.Scalar {
  const { localWeight = 0 } = options;
  checkViews('mmcrLoss', views);
  checkTermWeights('mmcrLoss', { localWeight });
  return tf.tidy(() => {
    const rows = tf.stack(
      views.map((view) => l2Normalize(view)),
      1,
    ) as tf.Tensor3D; // [n, views, dim]
    const global = tf.neg<tf.Scalar>(tf.sum(nuclearNorms(tf.expandDims(tf.mean(rows, 1), 0))));
    return localWeight === 0 ? global : tf.add<tf.Scalar>(global, tf.mul(tf.mean(nuclearNorms(rows)), localWeight));
  });
}

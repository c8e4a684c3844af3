import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';

/** Options of {@link swavLoss}. */
export interface SwavLossOptions {
  /** The scores are divided by it; > 0, default 0.1. */
  temperature?: number;
}

/**
 * The swapped prediction of SwAV: every crop must predict the codes that the other, assigned crops of its image got.
 *
 * With A codes and V crops: mean over a in A and over the V − 1 crops v ≠ a of the mean over images of −Σₖ codes_a[k] · log softmax(scores_v/temperature)[k].
 *
 * @param scores two or more float32 tensors `[n, numPrototypes]` of one shape: for each crop, how near row i, of image i, is to each prototype. Assigned crops first
 * @param codes float32 tensors of that shape, at least one and at most as many as `scores`: `codes[a]` are those of crop a, see {@link sinkhorn}
 * @param options see {@link SwavLossOptions}
 * @returns float32 scalar ≥ 0: log(numPrototypes) when every crop is as near to all prototypes
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks, shapes or numbers of tensors that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad
 * temperature
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", eq. 1, 2 and 6, https://arxiv.org/abs/2006.09882
 * @remarks The codes of {@link sinkhorn} carry no gradient; other codes get one.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { sinkhorn, swavLoss } from '@selfsup/losses';
 * const scores = tf.tensor2d([[1, 0], [0, 1]]);
 * const codes = sinkhorn(scores);
 * swavLoss([scores, scores], [codes, codes]).print(); // near 0: both crops agree
 * ```
 */
export function swavLoss(scores: readonly tf.Tensor2D[], codes: readonly tf.Tensor2D[], options: SwavLossOptions = {}): tf.Scalar {
  const { temperature = 0.1 } = options;
  checkTemperature('swavLoss', temperature);
  if (scores.length < 2) throw new SelfsupError('SELFSUP_SHAPE', `swavLoss: \`scores\` must hold at least 2 tensors, got ${scores.length}`);
  if (codes.length < 1 || codes.length > scores.length)
    throw new SelfsupError('SELFSUP_SHAPE', `swavLoss: \`codes\` must hold 1 to ${scores.length} tensors, got ${codes.length}`);
  checkEmbeddings('swavLoss', [
    ...scores.map((tensor, i) => [`scores[${i}]`, tensor] as const),
    ...codes.map((tensor, i) => [`codes[${i}]`, tensor] as const),
  ]);
  return tf.tidy(() => {
    const terms = scores.flatMap((crop, v) => {
      const others = codes.filter((_, a) => a !== v);
      if (others.length === 0) return []; // the only assigned crop has nothing to predict
      const logits = tf.logSoftmax(tf.div<tf.Tensor2D>(crop, temperature)); // [n, numPrototypes]
      return tf.sum<tf.Scalar>(tf.mul(tf.addN([...others]), logits));
    });
    return tf.div<tf.Scalar>(tf.addN(terms), -codes.length * (scores.length - 1) * scores[0]!.shape[0]);
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';
import { softCrossEntropy } from './soft-cross-entropy.ts';

/** Options of {@link ibotPatchLoss}. */
export interface IbotPatchLossOptions {
  /**
   * float32 `[rows]`, ≥ 0: what each patch counts; default 1/rows. The paper has 1/(masked patches of its crop · crops), so that every crop counts alike, and 0
   * is for rows that only fill up.
   */
  weights?: tf.Tensor1D;
  /** float32 `[outputDim]`: what is subtracted from the teacher's logits; default nothing. No gradient reaches it. */
  center?: tf.Tensor1D;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's centered logits are divided by it; > 0, default 0.04. */
  teacherTemperature?: number;
}

/**
 * The loss of iBOT for masked patches: the cross entropy between what the teacher, who sees the patch, and what the student, who sees a mask token, say of it.
 *
 * @param student logits float32 `[rows, outputDim]`, one row for each masked patch
 * @param teacher logits float32 `[rows, outputDim]` of the same patches of the same crops
 * @param options see {@link IbotPatchLossOptions}
 * @returns float32 scalar in nats: −Σ weights · Σ softmax((teacher − center)/teacherTemperature) · log softmax(student/studentTemperature)
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see Zhou et al.: "iBOT: Image BERT Pre-Training with Online Tokenizer", eq. 2, https://arxiv.org/abs/2111.07832
 * @remarks The gradient goes to the student alone. The center must be the one from before this batch. lightly's `IBOTPatchLoss` is this with the paper's weights
 * and moves its center itself.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ibotPatchLoss } from '@selfsup/losses';
 * const logits = tf.zeros<tf.Rank.R2>([8, 4]);
 * ibotPatchLoss(logits, logits).print(); // 1.3863: log 4
 * ```
 */
export function ibotPatchLoss(student: tf.Tensor2D, teacher: tf.Tensor2D, options: IbotPatchLossOptions = {}): tf.Scalar {
  const { weights, center, studentTemperature = 0.1, teacherTemperature = 0.04 } = options;
  checkEmbeddings('ibotPatchLoss', [
    ['student', student],
    ['teacher', teacher],
  ]);
  const [rows, outputDim] = student.shape;
  if (weights) checkPerRow('ibotPatchLoss', { name: 'weights', tensor: weights, rows, dtype: 'float32' });
  if (center && (center.shape.length !== 1 || center.shape[0] !== outputDim))
    throw new SelfsupError('SELFSUP_SHAPE', `ibotPatchLoss: \`center\` must have shape [${outputDim}], got [${center.shape.join(', ')}]`);
  for (const [name, temperature] of Object.entries({ studentTemperature, teacherTemperature }))
    if (!(temperature > 0 && temperature < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `ibotPatchLoss: \`${name}\` must be a finite number > 0, got ${temperature}`);
  return tf.tidy(() => {
    const raw = stopGradient(teacher);
    const targets = tf.softmax<tf.Tensor2D>(tf.div(center ? tf.sub(raw, stopGradient(center)) : raw, teacherTemperature));
    const logits = tf.div<tf.Tensor2D>(student, studentTemperature);
    return softCrossEntropy(logits, targets, weights && { weights: tf.mul(weights, rows) }); // which divides by the rows
  });
}

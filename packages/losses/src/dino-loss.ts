import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link dinoLoss}. */
export interface DinoLossOptions {
  /** float32 `[outputDim]`: what is subtracted from the teacher's logits; default nothing. No gradient reaches it. */
  center?: tf.Tensor1D;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's centered logits are divided by it; > 0, default 0.04. Below `studentTemperature` it sharpens the target. */
  teacherTemperature?: number;
}

/**
 * The loss of DINO: the cross entropy between the teacher's distribution of one view and the student's of another, the mean over all pairs of different views.
 *
 * @param student logits float32 `[n, outputDim]`, one tensor for each view; the first are those of the teacher's views, in the same order
 * @param teacher logits float32 `[n, outputDim]`, one tensor for each global view
 * @param options see {@link DinoLossOptions}
 * @returns float32 scalar in nats: mean over i, j ≠ i and rows of −Σ softmax((teacherᵢ − center)/teacherTemperature) · log softmax(studentⱼ/studentTemperature)
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks or unequal shapes, a center that does not fit, more teacher than student views or no pair of different
 * views; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", eq. 3 and algorithm 1, https://arxiv.org/abs/2104.14294
 * @remarks The gradient goes to the student alone. The cross entropy is linear in the target, so each student view is compared once, with the sum of the
 * targets of the other views. The center must be the one from before this batch.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { dinoLoss } from '@selfsup/losses';
 * const logits = tf.zeros<tf.Rank.R2>([8, 4]);
 * dinoLoss([logits, logits], [logits]).print(); // 1.3863: log 4
 * ```
 */
export function dinoLoss(student: readonly tf.Tensor2D[], teacher: readonly tf.Tensor2D[], options: DinoLossOptions = {}): tf.Scalar {
  const { center, studentTemperature = 0.1, teacherTemperature = 0.04 } = options;
  if (teacher.length === 0 || student.length < Math.max(2, teacher.length))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `dinoLoss: \`student\` must hold at least 2 views and those of \`teacher\`, at least one, got ${student.length} and ${teacher.length}`,
    );
  checkEmbeddings('dinoLoss', [
    ...student.map((logits, j) => [`student[${j}]`, logits] as const),
    ...teacher.map((logits, i) => [`teacher[${i}]`, logits] as const),
  ]);
  const [n, outputDim] = student[0]!.shape;
  if (center && (center.shape.length !== 1 || center.shape[0] !== outputDim))
    throw new SelfsupError('SELFSUP_SHAPE', `dinoLoss: \`center\` must have shape [${outputDim}], got [${center.shape.join(', ')}]`);
  for (const [name, temperature] of Object.entries({ studentTemperature, teacherTemperature }))
    if (!(temperature > 0 && temperature < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `dinoLoss: \`${name}\` must be a finite number > 0, got ${temperature}`);
  return tf.tidy(() => {
    const targets = teacher.map((logits) => {
      const centered = center ? tf.sub(stopGradient(logits), stopGradient(center)) : stopGradient(logits);
      return tf.softmax(tf.div(centered, teacherTemperature)); // [n, outputDim]
    });
    const terms = student.flatMap((logits, j) => {
      const others = targets.filter((_, i) => i !== j);
      return others.length === 0 ? [] : tf.sum(tf.mul(tf.addN(others), tf.logSoftmax(tf.div(logits, studentTemperature))));
    });
    const pairs = teacher.length * (student.length - 1);
    return tf.div<tf.Scalar>(tf.neg(tf.addN(terms)), pairs * n);
  });
}

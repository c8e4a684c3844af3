import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { softCrossEntropy } from './soft-cross-entropy.ts';

/** Options of {@link resslLoss}. */
export interface ResslLossOptions {
  /** float32 `[queueSize, dim]`: the teacher's embeddings of other images; no gradient reaches them. */
  queue: tf.Tensor2D;
  /** The student's similarities are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's similarities are divided by it; > 0, default 0.04. It must be below the student's for sharper targets. */
  teacherTemperature?: number;
  /** True when all rows, the queue's included, have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * ReSSL: a view must be related to other images as another view of its image is.
 *
 * For image i: p = softmax(⟨tᵢ, queue⟩ / teacherTemperature), q = softmax(⟨sᵢ, queue⟩ / studentTemperature). The loss is the mean over i of −Σ p · log q.
 *
 * @param student float32 `[n, dim]`. Rows are L2-normalized inside
 * @param teacher float32 `[n, dim]`, row i of the image of student i; it gets no gradient
 * @param options see {@link ResslLossOptions}
 * @returns float32 scalar in nats, the mean over the images
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see Zheng et al.: "ReSSL: Relational Self-Supervised Learning with Weak Augmentation", eq. 4 to 6, https://arxiv.org/abs/2107.09282
 * @remarks `seedLoss` also has the teacher's embedding of the image itself in the list. The queue must be the one from before this batch's embeddings were
 * enqueued.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { resslLoss } from '@selfsup/losses';
 * const queue = tf.tensor2d([[1, 0], [-1, 0]]);
 * resslLoss(tf.tensor2d([[1, 0]]), tf.tensor2d([[1, 0]]), { queue, studentTemperature: 1 }).print(); // 0.1269: log(1 + e^-2)
 * ```
 */
export function resslLoss(student: tf.Tensor2D, teacher: tf.Tensor2D, options: ResslLossOptions): tf.Scalar {
  const { queue, studentTemperature = 0.1, teacherTemperature = 0.04, normalized = false } = options;
  checkEmbeddings('resslLoss', [
    ['student', student],
    ['teacher', teacher],
  ]);
  checkEmbeddings('resslLoss', [['queue', queue]]);
  for (const [name, got] of Object.entries({ studentTemperature, teacherTemperature }))
    if (!(got > 0 && got < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `resslLoss: \`${name}\` must be a finite number > 0, got ${got}`);
  if (queue.shape[1] !== student.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `resslLoss: \`queue\` must have shape [queueSize, ${student.shape[1]}], got [${queue.shape.join(', ')}]`,
    );
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const others = unit(stopGradient(queue));
    const relations = (rows: tf.Tensor2D, temperature: number): tf.Tensor2D =>
      tf.matMul(tf.div<tf.Tensor2D>(unit(rows), temperature), others, false, true); // [n, queueSize]
    return softCrossEntropy(relations(student, studentTemperature), tf.softmax(relations(stopGradient(teacher), teacherTemperature)));
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { softCrossEntropy } from './soft-cross-entropy.ts';

/** Options of {@link seedLoss}. */
export interface SeedLossOptions {
  /** float32 `[queueSize, dim]`: the teacher's embeddings of other images; no gradient reaches them. */
  queue: tf.Tensor2D;
  /** The student's similarities are divided by it; > 0, default 0.2. */
  studentTemperature?: number;
  /** The teacher's similarities are divided by it; > 0, default 0.01. */
  teacherTemperature?: number;
  /** True when all rows, the queue's included, have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * SEED: a student must find an image as similar to each of many others as its teacher does.
 *
 * For image i both compare their embedding with the same list, the teacher's own embedding of image i and the queue: p = softmax(⟨tᵢ, [tᵢ, queue]⟩ / teacherTemperature),
 * q = softmax(⟨sᵢ, [tᵢ, queue]⟩ / studentTemperature). The loss is the mean over i of −Σ p · log q.
 *
 * @param student float32 `[n, dim]`. Rows are L2-normalized inside
 * @param teacher float32 `[n, dim]`, row i of the image of student i; it gets no gradient
 * @param options see {@link SeedLossOptions}
 * @returns float32 scalar in nats, the mean over the images
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see Fang et al.: "SEED: Self-supervised Distillation For Visual Representation", eq. 5 to 7, https://arxiv.org/abs/2101.04731
 * @remarks The queue must be the one from before this batch's embeddings were enqueued, so that an image stands in its list once.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { seedLoss } from '@selfsup/losses';
 * const teacher = tf.tensor2d([[1, 0]]);
 * seedLoss(teacher, teacher, { queue: tf.tensor2d([[-1, 0]]), studentTemperature: 1 }).print(); // 0.1269: log(1 + e^-2)
 * ```
 */
export function seedLoss(student: tf.Tensor2D, teacher: tf.Tensor2D, options: SeedLossOptions): tf.Scalar {
  const { queue, studentTemperature = 0.2, teacherTemperature = 0.01, normalized = false } = options;
  checkEmbeddings('seedLoss', [
    ['student', student],
    ['teacher', teacher],
  ]);
  checkEmbeddings('seedLoss', [['queue', queue]]);
  for (const [name, got] of Object.entries({ studentTemperature, teacherTemperature }))
    if (!(got > 0 && got < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `seedLoss: \`${name}\` must be a finite number > 0, got ${got}`);
  if (queue.shape[1] !== student.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `seedLoss: \`queue\` must have shape [queueSize, ${student.shape[1]}], got [${queue.shape.join(', ')}]`,
    );
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const [s, t, others] = [unit(student), unit(stopGradient(teacher)), unit(stopGradient(queue))];
    const similarities = (rows: tf.Tensor2D, temperature: number) => {
      const own = tf.sum(tf.mul(rows, t), 1, true); // [n, 1]
      return tf.div<tf.Tensor2D>(tf.concat([own, tf.matMul(rows, others, false, true)], 1), temperature); // [n, 1 + queueSize]
    };
    return softCrossEntropy(similarities(s, studentTemperature), tf.softmax(similarities(t, teacherTemperature)));
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { oneHot } from './one-hot.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupSoftmaxCrossEntropy';
const GRADIENT_KERNEL = 'SelfsupSoftmaxCrossEntropyGrad';
type Saved = Record<'dy' | 'logits' | 'labels' | 'logSumExp', tf.Tensor>;

function composedForward(logits: tf.Tensor, labels: tf.Tensor): [losses: tf.Tensor, logSumExp: tf.Tensor] {
  const rows = tf.range(0, labels.size, 1, 'int32');
  const largest = tf.max(logits, 1, true); // [n, 1]
  const tail = tf.log(tf.sum(tf.exp(tf.sub(logits, largest)), 1)); // [n], at least 0
  const top = tf.reshape(largest, [-1]); // [n]
  const picked = tf.gatherND(logits, tf.stack([rows, tf.maximum(labels, tf.scalar(0, 'int32'))], 1)); // [n]
  // subtracted from the maximum first: the loss of a sure prediction keeps its digits however large the logits
  const losses = tf.where(tf.greaterEqual(labels, 0), tf.add(tail, tf.sub(top, picked)), tf.zerosLike(top));
  return [losses, tf.add(tail, top)];
}

const composedBackward = ({ dy, logits, labels, logSumExp }: Saved): tf.Tensor =>
  tf.tidy(() => {
    const weight = tf.where(tf.greaterEqual(labels, 0), dy, tf.zerosLike(dy)); // [n]
    const probabilities = tf.exp(tf.sub(logits, tf.expandDims(logSumExp, 1))); // [n, classes]
    const target = oneHot(tf.maximum(labels, tf.scalar(0, 'int32')), logits.shape[1]!); // comparing with a range is eight times slower on stock wasm
    return tf.mul(tf.sub(probabilities, target), tf.expandDims(weight, 1));
  });

/**
 * Cross entropy of each row from integer labels: −log softmax(logits)[label], by log-sum-exp with the row's maximum subtracted.
 *
 * @param logits float32 `[n, classes]`
 * @param labels int32 `[n]`, each below `classes`; a negative label means that the row is ignored: its loss and its gradient are 0
 * @returns float32 `[n]`, in nats; the mean over the rows that count is the caller's
 * @throws SelfsupError `SELFSUP_SHAPE` when the two do not fit, `SELFSUP_DTYPE` when `labels` are not int32
 * @see Goodfellow, Bengio, Courville: "Deep Learning", section 6.2.2.3, https://www.deeplearningbook.org
 * @remarks The gradient goes to `logits` alone: dy·(softmax(logits) − one-hot(label)), from the logits and the log-sum-exp of each row, so that no matrix of
 * probabilities is kept. Runs the kernels `SelfsupSoftmaxCrossEntropy` and `SelfsupSoftmaxCrossEntropyGrad` where the backend has them. A label that is not
 * below `classes` is an error where the backend looks at it (cpu, these kernels), and undefined elsewhere.
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  if (logits.rank !== 2)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `softmaxCrossEntropy: \`logits\` must have rank 2, got shape [${(logits as tf.Tensor).shape.join(', ')}]`,
    );
  if (labels.rank !== 1 || labels.shape[0] !== logits.shape[0])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `softmaxCrossEntropy: \`labels\` must have shape [${logits.shape[0]}], one for each row of \`logits\`, got [${labels.shape.join(', ')}]`,
    );
  if (labels.dtype !== 'int32')
    throw new SelfsupError('SELFSUP_DTYPE', `softmaxCrossEntropy: \`labels\` must be int32, got ${labels.dtype}`);
  const lose = tf.customGrad((input, save) => {
    const $logits = input as tf.Tensor;
    const [losses, logSumExp] = hasKernel(KERNEL)
      ? runKernel<[tf.Tensor, tf.Tensor]>(KERNEL, { logits: $logits, labels })
      : composedForward($logits, labels);
    const backward = hasKernel(GRADIENT_KERNEL) ? (saved: Saved) => runKernel<tf.Tensor>(GRADIENT_KERNEL, saved) : composedBackward;
    (save as (tensors: tf.Tensor[]) => void)([$logits, labels, logSumExp]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedLogits, savedLabels, savedLogSumExp] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return backward({ dy, logits: savedLogits, labels: savedLabels, logSumExp: savedLogSumExp });
    };
    return { value: losses, gradFunc };
  });
  return lose(logits) as tf.Tensor1D;
}

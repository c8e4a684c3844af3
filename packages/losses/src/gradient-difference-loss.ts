import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/** Options of {@link gradientDifferenceLoss}. */
export interface GradientDifferenceLossOptions {
  /** The power of the differences, the paper's α: 1 (default) or 2. */
  exponent?: 1 | 2;
}

/** |x|, whose gradient is 0 at 0, where that of `tf.abs` is −1. */
function absolute(x: tf.Tensor): tf.Tensor {
  const of = tf.customGrad((input, save) => {
    (save as (tensors: tf.Tensor[]) => void)([input as tf.Tensor]);
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
      tf.tidy(() => tf.mul(dy, tf.sub(tf.cast(tf.greater(saved!, 0), 'float32'), tf.cast(tf.less(saved!, 0), 'float32'))));
    return { value: tf.abs(input as tf.Tensor), gradFunc };
  });
  return of(x);
}

/**
 * How far the edges of predicted images are from the true ones: the gradient difference loss, which blurred images do not escape.
 *
 * Of neighboring pixels, in each row and in each column, with |∇| the absolute difference of both: the mean of | |∇ targets| − |∇ predictions| |^exponent, that of
 * rows and that of columns added.
 *
 * @param predictions float32 `[n, height, width, channels]`, at least 2 × 2 pixels
 * @param targets float32 of the same shape; receives no gradient from a task that computes it without a tape
 * @param options see {@link GradientDifferenceLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit, `SELFSUP_DTYPE` unless float32, `SELFSUP_OPTION` on another exponent
 * @see Mathieu et al.: "Deep multi-scale video prediction beyond mean square error", eq. 6, https://arxiv.org/abs/1511.05440
 * @remarks The paper sums over pixels; means make images of all sizes count alike. It takes an exponent ≥ 1. An image that is brighter everywhere loses nothing:
 * the loss goes beside one of the pixels themselves.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { gradientDifferenceLoss } from '@selfsup/losses';
 * const edge = tf.tensor4d([0, 1, 0, 1], [1, 2, 2, 1]);
 * gradientDifferenceLoss(tf.fill([1, 2, 2, 1], 0.5), edge).print(); // 1: no edge along the rows
 * ```
 */
export function gradientDifferenceLoss(
  predictions: tf.Tensor4D,
  targets: tf.Tensor4D,
  options: GradientDifferenceLossOptions = {},
): tf.Scalar {
  const { exponent = 1 } = options;
  if (![1, 2].includes(exponent))
    throw new SelfsupError('SELFSUP_OPTION', `gradientDifferenceLoss: \`exponent\` must be 1 or 2, got ${String(exponent)}`);
  const [n, height, width, channels] = predictions.shape;
  if (predictions.rank !== 4 || predictions.size === 0 || height < 2 || width < 2)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `gradientDifferenceLoss: \`predictions\` must have shape [n >= 1, height >= 2, width >= 2, channels >= 1], got [${predictions.shape.join(', ')}]`,
    );
  if (targets.shape.join() !== predictions.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `gradientDifferenceLoss: \`targets\` must have shape [${predictions.shape.join(', ')}] like \`predictions\`, got [${targets.shape.join(', ')}]`,
    );
  for (const [name, tensor] of Object.entries({ predictions, targets }))
    if (tensor.dtype !== 'float32')
      throw new SelfsupError('SELFSUP_DTYPE', `gradientDifferenceLoss: \`${name}\` must be float32, got ${tensor.dtype}`);
  return tf.tidy(() => {
    const along = (down: 0 | 1, across: 0 | 1): tf.Tensor => {
      const size: [number, number, number, number] = [n, height - down, width - across, channels];
      const edges = (images: tf.Tensor4D) =>
        absolute(tf.sub(tf.slice(images, [0, down, across, 0], size), tf.slice(images, [0, 0, 0, 0], size)));
      const apart = tf.sub(edges(targets), edges(predictions));
      return tf.mean(exponent === 2 ? tf.square(apart) : absolute(apart));
    };
    return tf.add<tf.Scalar>(along(1, 0), along(0, 1));
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Options of {@link maskedSoftmax}. */
export interface MaskedSoftmaxOptions {
  /** What `x` is multiplied by, 1/√(head dimension) in attention; default 1. */
  scale?: number;
  /** Added to scale·x: float32, broadcastable to the shape of `x`, as `[batch, 1, 1, keys]`; 0 keeps, a large negative number or −∞ hides. */
  mask?: tf.Tensor;
}

const KERNEL = 'SelfsupMaskedSoftmax';
const GRADIENT_KERNEL = 'SelfsupMaskedSoftmaxGrad';
const LOWEST = -3.4e38;

/** A mask that the kernel can address: all keys, broadcast over one run of axes at most. */
function isAddressable(x: tf.Tensor, mask: tf.Tensor): boolean {
  const shape = [...Array.from({ length: x.rank - mask.rank }, () => 1), ...mask.shape];
  if (shape.at(-1) !== x.shape.at(-1)) return false;
  const runs = shape.flatMap((size, axis) => (x.shape[axis] === 1 ? [] : size === 1 ? ['b'] : ['k'])).join('');
  return /^k*b*k*$/.test(runs);
}

function composedForward(x: tf.Tensor, scale: number, mask: tf.Tensor | undefined): tf.Tensor {
  const scaled = scale === 1 ? x : tf.mul(x, scale);
  const z = mask === undefined ? scaled : tf.add(scaled, mask);
  // a finite maximum even where all is hidden: then every term is exp(−∞) = 0
  const terms = tf.exp(tf.sub(z, tf.maximum(tf.max(z, -1, true), LOWEST)));
  const sum = tf.sum(terms, -1, true); // [..., 1], 0 or at least 1
  return tf.div(terms, tf.add(sum, tf.cast(tf.equal(sum, 0), 'float32')));
}

const composedBackward = (dy: tf.Tensor, y: tf.Tensor, scale: number): tf.Tensor =>
  tf.tidy(() => {
    const along = tf.mul(dy, y);
    const dx = tf.sub(along, tf.mul(y, tf.sum(along, -1, true)));
    return scale === 1 ? dx : tf.mul(dx, scale);
  });

/**
 * The softmax of attention: over the last axis of scale·x + mask.
 *
 * @param x float32, rank at least 1, as `[batch, heads, queries, keys]`
 * @param options see {@link MaskedSoftmaxOptions}
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_SHAPE` for a scalar or a mask that does not broadcast to `x`, `SELFSUP_DTYPE` for one that is not float32
 * @see Vaswani et al.: "Attention Is All You Need", equation 1, https://arxiv.org/abs/1706.03762
 * @remarks No gradient goes to the mask. A row that −∞ hides as a whole is 0, and so is its gradient: it attends to nothing, where PyTorch gives NaN. Runs the
 * kernels `SelfsupMaskedSoftmax` and `SelfsupMaskedSoftmaxGrad` where the backend has them, for masks with all keys that are broadcast over one run of axes:
 * `[keys]`, `[batch, 1, 1, keys]`, `[queries, keys]`, `[batch, 1, queries, keys]`, the full shape; other masks take the composed form.
 */
export function maskedSoftmax<T extends tf.Tensor>(x: T, options: MaskedSoftmaxOptions = {}): T {
  const { scale = 1, mask } = options;
  if (x.rank < 1) throw new SelfsupError('SELFSUP_SHAPE', 'maskedSoftmax: `x` must have rank >= 1, got a scalar');
  if (mask && mask.dtype !== 'float32')
    throw new SelfsupError('SELFSUP_DTYPE', `maskedSoftmax: \`mask\` must be float32, got ${mask.dtype}`);
  if (mask && (mask.rank > x.rank || mask.shape.some((size, axis) => size !== 1 && size !== x.shape[x.rank - mask.rank + axis])))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `maskedSoftmax: \`mask\` must broadcast to [${x.shape.join(', ')}], the shape of \`x\`, got [${mask.shape.join(', ')}]`,
    );
  const attend = tf.customGrad((input, save) => {
    const $x = input as tf.Tensor;
    const fits = hasKernel(KERNEL) && (mask === undefined || isAddressable($x, mask));
    const y = fits ? runKernel<tf.Tensor>(KERNEL, mask ? { x: $x, mask } : { x: $x }, { scale }) : composedForward($x, scale, mask);
    const fused = hasKernel(GRADIENT_KERNEL);
    (save as (tensors: tf.Tensor[]) => void)([y]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      fused ? runKernel<tf.Tensor>(GRADIENT_KERNEL, { dy, y: saved[0]! }, { scale }) : composedBackward(dy, saved[0]!, scale);
    return { value: y, gradFunc };
  });
  return attend(x) as T;
}

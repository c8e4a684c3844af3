import { recompute, type Module } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { AttentionApplyOptions } from './self-attention.ts';

/**
 * Makes a block one whose inside is computed again for the gradient where `recompute` of its options says so: see `recompute` of @selfsup/core.
 *
 * @param block writes nothing but running statistics, and draws from its stream alone
 * @returns the same block
 */
export function recomputed<
  M extends Pick<Module<tf.Tensor4D, tf.Tensor4D>, 'trainable'> | Pick<Module<tf.Tensor3D, tf.Tensor3D>, 'trainable'>,
>(block: M): M {
  const apply: Module['apply'] = (input, options) => (block as unknown as Module).apply(input, options);
  const learning = () => Object.values(block.trainable).filter(({ trainable }) => trainable);
  const wrapped: Module['apply'] = (input, { recompute: wanted = false, ...options }: AttentionApplyOptions) => {
    if (!wanted || !options.training) return apply(input, options);
    const { mask } = options;
    const run = (x: tf.Tensor, [kept]: readonly tf.Tensor[], again: boolean) =>
      apply(x, { ...options, ...(kept && { mask: kept }), ...(again && { updateStatistics: false }) });
    return recompute(input, run, { variables: learning(), constants: mask ? [mask] : [] });
  };
  return { ...block, apply: wrapped };
}

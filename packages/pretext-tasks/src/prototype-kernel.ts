import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Module } from '@selfsup/core';

/** The prototypes' matrix `[projectionDim, numPrototypes]`; disposes them and throws unless they have one. Internal. */
export function prototypeKernel(who: string, prototypes: Module<tf.Tensor2D, tf.Tensor2D>): tf.Variable<tf.Rank.R2> {
  const { kernel } = prototypes.trainable;
  if (kernel?.rank === 2) return kernel as tf.Variable<tf.Rank.R2>;
  prototypes.dispose();
  const got = `[${Object.keys(prototypes.trainable).join(', ')}]`;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `${who}: \`prototypes\` must have a variable \`kernel\` [projectionDim, numPrototypes], got ${got}`,
  );
}

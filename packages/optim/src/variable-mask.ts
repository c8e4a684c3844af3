import type * as tf from '@tensorflow/tfjs-core';

/** Says which variables a rule is for. */
export type VariableMask = (path: string, variable: tf.Variable) => boolean;

/**
 * The mask of weight decay that nearly every recipe has: matrices and kernels decay; biases and the scales and offsets of norms, which have one dimension,
 * do not.
 *
 * @param _path not looked at
 * @param variable any
 * @returns whether the variable has more than one dimension
 * @example
 * ```ts
 * import { adamW, noDecayOnNorms } from '@selfsup/optim';
 * const optimizer = adamW({ learningRate: 1e-3, weightDecay: 0.05, mask: noDecayOnNorms });
 * ```
 */
export const noDecayOnNorms: VariableMask = (_path, variable) => variable.rank > 1;

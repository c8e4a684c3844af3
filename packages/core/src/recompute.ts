import * as tf from '@tensorflow/tfjs-core';
import { abandonTape } from './abandon-tape.ts';

/** The part of tfjs's engine state that a gradient within a backward pass would replace. */
interface TapeState {
  activeTape: unknown;
  gradientDepth: number;
}

/** What {@link recompute} needs beside the function. */
export interface RecomputeOptions {
  /** What the function reads and gets gradients for, beside its input: the variables of a network that learn. */
  readonly variables: readonly tf.Variable[];
  /** What the function reads beside that, without gradients, such as masks: the function gets what stands in for them, in this order. */
  readonly constants?: readonly tf.Tensor[];
}

/** Gradients of `f` with the outgoing gradient `dy`, while the tape of an enclosing gradient is being read backwards. */
function differentiateWithin(f: () => tf.Tensor, by: readonly tf.Tensor[], dy: tf.Tensor): (tf.Tensor | null)[] {
  const { state } = tf.engine() as unknown as { state: TapeState };
  const outer = state.activeTape; // the engine would begin a tape in its place, and leave none
  try {
    const { value, grads } = tf.engine().gradients(f, by as tf.Tensor[], dy, true);
    value.dispose();
    return grads;
  } catch (error) {
    abandonTape();
    throw error;
  } finally {
    state.activeTape = outer;
  }
}

/**
 * Runs a function so that a gradient tape keeps its input alone: what it computes in between is freed, and computed again when the gradient comes back.
 *
 * @param input float32 tensor, the first argument of `f`
 * @param f gives a float32 tensor from `input`, the constants and the variables: the same at each call, so what it draws must come from streams, and it must
 * write nothing (the second call is the one with `again` true, where statistics must not be updated once more)
 * @param options see {@link RecomputeOptions}
 * @returns what `f` returns; outside a gradient nothing else happens
 * @see Chen et al.: "Training Deep Nets with Sublinear Memory Cost", https://arxiv.org/abs/1604.06174
 * @remarks The gradient has the same bits as without it, for one forward pass more. What `f` reads and this is not told of, gets no gradient.
 * @example
 * ```ts
 * import { recompute } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const w = tf.variable(tf.ones([4, 4]));
 * const f = (x: tf.Tensor2D) => tf.tanh(tf.matMul<tf.Tensor2D>(x, w));
 * const { grads } = tf.variableGrads(() => tf.sum(recompute(tf.ones([2, 4]), f, { variables: [w] })), [w]);
 * console.log(Object.keys(grads).length);
 * ```
 */
export function recompute<I extends tf.Tensor, O extends tf.Tensor>(
  input: I,
  f: (input: I, constants: readonly tf.Tensor[], again: boolean) => O,
  { variables, constants = [] }: RecomputeOptions,
): O {
  const checkpointed = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    save([input, ...constants]);
    return {
      value: f(input, constants, false),
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        return tf.tidy(() => {
          const [kept, ...keptConstants] = saved as [I, ...tf.Tensor[]];
          const gradients = differentiateWithin(() => f(kept, keptConstants, true), [kept, ...variables], dy);
          return [kept, ...variables].map((tensor, i) => gradients[i] ?? tf.zerosLike(tensor));
        });
      },
    };
  });
  return checkpointed(input, ...variables);
}

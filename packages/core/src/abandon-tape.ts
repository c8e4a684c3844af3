import * as tf from '@tensorflow/tfjs-core';

/** The part of tfjs's engine state that a failed backward pass leaves behind. */
interface TapeState {
  activeTape: { saved?: (tf.Tensor | null)[] }[] | null;
  gradientDepth: number;
}

/**
 * Cleans up after an error thrown during a backward pass: disposes the tensors that the tape had saved and drops the tape.
 *
 * @remarks tfjs disposes a tape's saved tensors node by node as it goes backwards; when a gradient throws, the rest stay alive for ever and the tape stays
 * current. Call it in the `catch` around `tf.grads`, `tf.variableGrads` and their like, outside any other gradient.
 */
export function abandonTape(): void {
  const state = (tf.engine() as unknown as { state: TapeState }).state;
  if (state.gradientDepth > 0) return; // an enclosing gradient is still recording
  for (const node of state.activeTape ?? []) for (const tensor of node.saved ?? []) if (tensor && !tensor.isDisposed) tensor.dispose();
  state.activeTape = null;
}

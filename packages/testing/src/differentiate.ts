import * as tf from '@tensorflow/tfjs-core';
import { abandonTape, type VariableMap } from '@selfsup/core';
import { readNumber, readValues, type Values } from './variable-values.ts';

/** A loss with its gradients, outside the backend; no gradient where the loss does not depend on a variable. Internal. */
export interface Differentiated {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, tf.TypedArray | undefined>> & Values;
}

/** Differentiates a loss by variables, by position as the trainer does, and leaves no tensor and no tape. Internal. */
export async function differentiate(loss: () => tf.Scalar, variables: VariableMap): Promise<Differentiated> {
  const { value, found } = differentiateOnBackend(loss, variables);
  try {
    return { loss: await readNumber(value), gradients: await readValues(found) };
  } finally {
    tf.dispose([value, found]);
  }
}

function differentiateOnBackend(loss: () => tf.Scalar, variables: VariableMap): { value: tf.Tensor; found: tf.NamedTensorMap } {
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(loss, Object.values(variables), undefined, true);
      return { value, found: Object.fromEntries(Object.keys(variables).flatMap((path, i) => (grads[i] ? [[path, grads[i]]] : []))) };
    });
  } catch (error) {
    abandonTape();
    throw error;
  }
}

import * as tf from '@tensorflow/tfjs-core';
import { abandonTape, type VariableMap } from '@selfsup/core';
import { readValues, type Values } from './variable-values.ts';

/** A loss with its gradients, outside the backend; no gradient where the loss does not depend on a variable. Internal. */
export interface Differentiated {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, tf.TypedArray | undefined>> & Values;
}

/** Differentiates a loss by variables, by position as the trainer does, and leaves no tensor and no tape. Internal. */
export function differentiate(loss: () => tf.Scalar, variables: VariableMap): Differentiated {
  try {
    let result: Differentiated | undefined;
    tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(loss, Object.values(variables), undefined, true);
      const found = Object.keys(variables).flatMap((path, i) => (grads[i] ? [[path, grads[i]] as const] : []));
      result = { loss: value.dataSync()[0]!, gradients: readValues(Object.fromEntries(found)) };
    });
    return result!;
  } catch (error) {
    abandonTape();
    throw error;
  }
}

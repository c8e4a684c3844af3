import * as tf from '@tensorflow/tfjs-core';
import type { Subject } from './conformance-options.ts';
import { withRun } from './drive-task.ts';
import { allVariablesOf } from './variable-values.ts';

/** The variables that `create` makes and that no map of the run holds, in words, all of them or those that tfjs calls trainable; empty where there are none. Internal. */
export function unsavedVariables(subject: Subject, { onlyTrainable = false } = {}): Promise<string> {
  const registered = () => Object.values(tf.engine().registeredVariables);
  const before = new Set(registered());
  return withRun(subject, (run) => {
    const saved = new Set(Object.values(allVariablesOf(run)));
    return registered()
      .filter((variable) => !before.has(variable) && !saved.has(variable) && (variable.trainable || !onlyTrainable))
      .map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`)
      .join('; ');
  });
}

import { SelfsupError, type VariableMap } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { AVERAGE_WEIGHTS } from './average-weights.ts';
import type { TransformState } from './gradient-transform.ts';

/** The averages by the path of their variable, of those variables that have been updated. */
function averagesOf(state: TransformState): Map<string, tf.Variable> {
  const averages = new Map<string, tf.Variable>();
  let found = false;
  for (const [key, average] of Object.entries(state.variables)) {
    const [, before, path] = new RegExp(`^(.*?/)?${AVERAGE_WEIGHTS}/average/(.+)$`).exec(key) ?? [];
    if (path === undefined) continue;
    found = true;
    if (state.counters[`${before ?? ''}${AVERAGE_WEIGHTS}/count/${path}`]!.value > 0) averages.set(path, average);
  }
  if (!found)
    throw new SelfsupError(
      'SELFSUP_STATE',
      'withAveragedWeights: the optimizer keeps no averages; make it with averageWeights(optimizer, { momentum })',
    );
  return averages;
}

/**
 * Does something with the averages in place of the trained weights, and puts the trained ones back, whatever happens.
 *
 * @param state the optimizer at work, made with {@link averageWeights}: `trainer.optimizer`, or what `init` returned
 * @param variables what it trains, by the same paths: `trainer.run.trainable`. Variables without an average, and those not updated yet, stay as they are
 * @param work evaluates or exports; must not train
 * @returns what `work` returns
 * @throws SelfsupError `SELFSUP_STATE` when the optimizer keeps no averages, `SELFSUP_SHAPE` when a variable is not the one that was trained; and what `work`
 * throws
 * @remarks Takes no memory: weights are exchanged by reference. A checkpoint that is saved meanwhile has the averages as its weights.
 * @example
 * ```ts
 * import { adamW, averageWeights, withAveragedWeights } from '@selfsup/optim';
 * import * as tf from '@tensorflow/tfjs-core';
 * const variables = { w: tf.variable(tf.scalar(1)) };
 * const state = averageWeights(adamW({ learningRate: 0.1 }), { momentum: 0.9 }).init(variables);
 * // … train …
 * const value = await withAveragedWeights(state, variables, () => variables.w.data());
 * ```
 */
export async function withAveragedWeights<R>(state: TransformState, variables: VariableMap, work: () => R | Promise<R>): Promise<R> {
  const averages = averagesOf(state);
  const exchanged = Object.entries(variables).flatMap(([path, variable]) => {
    const average = averages.get(path);
    if (!average) return [];
    if (average.shape.join() !== variable.shape.join())
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `withAveragedWeights: \`${path}\` must have shape [${average.shape.join(', ')}] like its average, got [${variable.shape.join(', ')}]`,
      );
    return [{ variable, average }];
  });
  const trained = exchanged.map(({ variable, average }) => {
    const value = variable.clone();
    variable.assign(average);
    return { variable, value };
  });
  try {
    return await work();
  } finally {
    for (const { variable, value } of trained) {
      variable.assign(value);
      value.dispose();
    }
  }
}

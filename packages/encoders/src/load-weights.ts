import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { SavedWeights, VariableOwner } from './save-weights.ts';

/**
 * Overwrites all variables of a module with saved values.
 *
 * @param module a module or head built like the one that was saved
 * @param weights what `saveWeights` returned, or values from elsewhere under the same paths; they are copied
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the first path that is missing, unknown or of another shape; then nothing was written
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet, loadWeights, saveWeights } from '@selfsup/encoders';
 * const [a, b] = [convNet()(createRng(0)), convNet()(createRng(1))];
 * loadWeights(b, await saveWeights(a));
 * ```
 */
export function loadWeights(module: VariableOwner, weights: SavedWeights): void {
  const variables = { ...module.trainable, ...module.buffers };
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `loadWeights: ${message}`);
  };
  for (const path of Object.keys(weights)) if (!variables[path]) fail(`\`weights\` has \`${path}\`, which the module does not have`);
  for (const [path, variable] of Object.entries(variables)) {
    const saved = weights[path] ?? fail(`\`weights\` lacks \`${path}\``);
    const expected = variable.shape.join(', ');
    if (saved.shape.join(', ') !== expected) fail(`\`${path}\` must have shape [${expected}], got [${saved.shape.join(', ')}]`);
    if (saved.data.length !== variable.size) fail(`\`${path}\` must have ${variable.size} values, got ${saved.data.length}`);
  }
  tf.tidy(() => {
    for (const [path, variable] of Object.entries(variables)) {
      const values = weights[path]!.data.slice(); // the cpu backend keeps the array that it is given
      variable.assign(tf.tensor(values, variable.shape, 'float32'));
    }
  });
}

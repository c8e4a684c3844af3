import type { VariableMap } from '@selfsup/core';

/** The values of one variable. */
export interface SavedWeight {
  /** The variable's shape. */
  readonly shape: readonly number[];
  /** Its values in row-major order; a copy. */
  readonly data: Float32Array;
}

/** Every variable of a module, trainable ones and buffers, by path. */
export type SavedWeights = Readonly<Record<string, SavedWeight>>;

/** What has weights: a module, or a head with functions of its own. */
export interface VariableOwner {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** What must survive a restart and has no gradient. */
  readonly buffers: VariableMap;
}

/**
 * Reads all variables of a module.
 *
 * @param module any module or head
 * @returns shape and values by path, trainable variables first
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet, saveWeights } from '@selfsup/encoders';
 * const encoder = convNet()(createRng(0));
 * const weights = await saveWeights(encoder);
 * console.log(weights['conv1/kernel']?.shape); // [3, 3, 3, 32]
 * ```
 */
export async function saveWeights(module: VariableOwner): Promise<SavedWeights> {
  const entries = Object.entries({ ...module.trainable, ...module.buffers }).map(
    async ([path, variable]): Promise<[string, SavedWeight]> => [
      path,
      { shape: [...variable.shape], data: Float32Array.from(await variable.data()) },
    ],
  );
  return Object.fromEntries(await Promise.all(entries));
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates } from './build-transform.ts';
import type { GradientTransform } from './gradient-transform.ts';

/** Options of {@link layerwiseDecay}. */
export interface LayerwiseDecayOptions {
  /** The rate of a layer in relation to the one above it, in (0, 1]; 0.65 to 0.75 in MAE, 0.8 in ELECTRA. */
  decay: number;
  /** The number of the topmost layer, an integer ≥ 1: depth + 1 for a transformer whose embeddings are layer 0 and whose head is the topmost. */
  numLayers: number;
  /** The layer of a variable: an integer from 0, the input, to `numLayers`, the output. */
  layerOf: (path: string, variable: tf.Variable) => number;
}

/**
 * Slows lower layers down: multiplies each update by decay^(numLayers − layer). For fine-tuning, where the lowest layers should change least.
 *
 * @param options see {@link LayerwiseDecayOptions}
 * @returns the transform, without slots; it comes after the one that has the learning rate
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from `init` when `layerOf` gives no integer from 0 to `numLayers`
 * @see Clark et al.: "ELECTRA", appendix B, https://arxiv.org/abs/2003.10555; He et al.: "Masked Autoencoders", table 9, https://arxiv.org/abs/2111.06377
 * @remarks After `adamW` the decoupled weight decay is scaled with the update, as it is where every layer has a rate of its own.
 * @example
 * ```ts
 * import { adamW, chain, layerwiseDecay } from '@selfsup/optim';
 * const depth = 12;
 * const optimizer = chain(
 *   adamW({ learningRate: 1e-3, weightDecay: 0.05 }),
 *   layerwiseDecay({
 *     decay: 0.75,
 *     numLayers: depth + 1,
 *     layerOf: (path) => {
 *       const block = /block(\d+)\//.exec(path); // block1 … block12
 *       return block ? Number(block[1]) : path.includes('patch/') || path.endsWith('classToken') ? 0 : depth + 1;
 *     },
 *   }),
 * );
 * ```
 */
export function layerwiseDecay(options: LayerwiseDecayOptions): GradientTransform {
  const { decay, numLayers, layerOf } = options;
  if (!(decay > 0 && decay <= 1)) throw new SelfsupError('SELFSUP_OPTION', `layerwiseDecay: \`decay\` must be in (0, 1], got ${decay}`);
  if (!Number.isSafeInteger(numLayers) || numLayers < 1)
    throw new SelfsupError('SELFSUP_OPTION', `layerwiseDecay: \`numLayers\` must be an integer >= 1, got ${numLayers}`);
  return {
    name: 'layerwiseDecay',
    init(variables) {
      const factors = new Map<string, number>();
      for (const [path, variable] of Object.entries(variables)) {
        const layer = layerOf(path, variable);
        if (!Number.isSafeInteger(layer) || layer < 0 || layer > numLayers)
          throw new SelfsupError(
            'SELFSUP_OPTION',
            `layerwiseDecay: \`layerOf\` must give an integer from 0 to ${numLayers}, got ${layer} for \`${path}\``,
          );
        factors.set(path, decay ** (numLayers - layer));
      }
      return {
        variables: {},
        counters: {},
        update: (updates) => mapUpdates(updates, (update, path) => tf.mul(update, factors.get(path)!)),
        dispose: () => undefined,
      };
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from './error.ts';
import type { Module } from './module.ts';
import { emaUpdate } from './ops/ema-update.ts';
import type { Rng } from './rng.ts';
import { copyVariables } from './variable-map.ts';

/** What a network must have to be followed: any {@link Module}, or one that runs by other methods. */
export type MomentumNetwork = Pick<Module, 'trainable' | 'buffers' | 'dispose'>;

/** An online network and its slowly following copy. */
export interface MomentumPair<M extends MomentumNetwork = Module> {
  /** The network that is trained. */
  readonly online: M;
  /** The network that follows; its weights start as an exact copy. */
  readonly target: M;
  /** target ← momentum · target + (1 − momentum) · online, over `trainable` only. */
  update(momentum: number): void;
  /** Disposes both networks. */
  dispose(): void;
}

/**
 * Builds a network twice and keeps the second as an exponential moving average of the first.
 *
 * @param factory called twice; the second network's weights and buffers are overwritten by the first's
 * @param rng the stream of the online network's weights
 * @returns see {@link MomentumPair}
 * @throws SelfsupError `SELFSUP_OPTION` from `update` when `momentum` is outside [0, 1]
 * @see He et al.: "Momentum Contrast", eq. 2, https://arxiv.org/abs/1911.05722
 * @remarks Normalization statistics (buffers) are copied at the start and not averaged, as in the authors' code: the target network keeps its own.
 */
export function createMomentumPair<M extends MomentumNetwork>(factory: (rng: Rng) => M, rng: Rng): MomentumPair<M> {
  const online = factory(rng);
  const target = factory(rng);
  copyVariables(online.trainable, target.trainable);
  copyVariables(online.buffers, target.buffers);
  return {
    online,
    target,
    update(momentum) {
      if (!(momentum >= 0 && momentum <= 1))
        throw new SelfsupError('SELFSUP_OPTION', `MomentumPair.update: \`momentum\` must be in [0, 1], got ${momentum}`);
      tf.tidy(() => {
        for (const [path, old] of Object.entries(target.trainable)) {
          old.assign(emaUpdate<tf.Tensor>(old, online.trainable[path]!, momentum));
        }
      });
    },
    dispose() {
      online.dispose();
      target.dispose();
    },
  };
}

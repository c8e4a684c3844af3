import type * as tf from '@tensorflow/tfjs-core';
import { createMomentumPair, joinVariables, type ApplyOptions, type Module, type Rng, type VariableMap } from '@selfsup/core';
import type { NetworkFactories } from './projection-networks.ts';

/** An online backbone with its projection head, and the copies that follow them. Internal. */
export interface MomentumNetworks {
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** The online networks' variables, under `backbone/` and `projectionHead/`. */
  readonly trainable: VariableMap;
  /** The online networks' statistics, and under `target/` all of the target networks. */
  readonly buffers: VariableMap;
  /** Projections of the online networks. */
  encode(images: tf.Tensor4D, options: ApplyOptions): tf.Tensor2D;
  /** Projections of the target networks. */
  encodeTarget(images: tf.Tensor4D, options: ApplyOptions): tf.Tensor2D;
  /** target ← momentum · target + (1 − momentum) · online, in both networks. */
  update(momentum: number): void;
  dispose(): void;
}

/** Builds both networks twice; the target starts as an exact copy, its head too. Internal. */
export function createMomentumNetworks(factories: NetworkFactories, rng: Rng): MomentumNetworks {
  const backbone = createMomentumPair(factories.backbone, rng.fold('backbone'));
  const projectionHead = createMomentumPair(factories.projectionHead, rng.fold('projectionHead'));
  const all = ({ trainable, buffers }: Pick<Module, 'trainable' | 'buffers'>) => ({ ...trainable, ...buffers });
  return {
    backbone: backbone.online,
    trainable: joinVariables({ backbone: backbone.online.trainable, projectionHead: projectionHead.online.trainable }),
    buffers: joinVariables({
      backbone: backbone.online.buffers,
      projectionHead: projectionHead.online.buffers,
      'target/backbone': all(backbone.target),
      'target/projectionHead': all(projectionHead.target),
    }),
    encode: (images, options) => projectionHead.online.apply(backbone.online.apply(images, options), options),
    encodeTarget: (images, options) => projectionHead.target.apply(backbone.target.apply(images, options), options),
    update(momentum) {
      backbone.update(momentum);
      projectionHead.update(momentum);
    },
    dispose() {
      backbone.dispose();
      projectionHead.dispose();
    },
  };
}

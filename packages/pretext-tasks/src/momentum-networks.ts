import type * as tf from '@tensorflow/tfjs-core';
import {
  createMomentumPair,
  joinVariables,
  type ApplyOptions,
  type Module,
  type ModuleFactory,
  type Rng,
  type VariableMap,
} from '@selfsup/core';

/** An encoder with its head, and a copy of both that follows slowly. Internal. */
export interface MomentumNetworks {
  /** The online encoder. */
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** The online networks' variables under `backbone/` and `projectionHead/`. */
  readonly trainable: VariableMap;
  /** Their buffers, and all of the target networks' under `target/`. */
  readonly buffers: VariableMap;
  /** Images to the online or to the target projections `[n, projectionDim]`. */
  project(which: 'online' | 'target', images: tf.Tensor4D, apply: ApplyOptions): tf.Tensor2D;
  /** Moves the target networks' weights; see `MomentumPair`. */
  update(momentum: number): void;
  /** Disposes all of it. */
  dispose(): void;
}

/**
 * Builds an encoder and its head as momentum pairs. Internal.
 *
 * @param factories make the two networks
 * @param rng the run's root stream
 * @returns see {@link MomentumNetworks}
 */
export function momentumNetworks(
  factories: { backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>; projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D> },
  rng: Rng,
): MomentumNetworks {
  const b = createMomentumPair(factories.backbone, rng.fold('backbone'));
  const p = createMomentumPair(factories.projectionHead, rng.fold('projectionHead'));
  return {
    backbone: b.online,
    trainable: joinVariables({ backbone: b.online.trainable, projectionHead: p.online.trainable }),
    buffers: joinVariables({
      backbone: b.online.buffers,
      projectionHead: p.online.buffers,
      'target/backbone': { ...b.target.trainable, ...b.target.buffers },
      'target/projectionHead': { ...p.target.trainable, ...p.target.buffers },
    }),
    project: (which, images, apply) => p[which].apply(b[which].apply(images, apply), apply), // [n, projectionDim]
    update(momentum) {
      b.update(momentum);
      p.update(momentum);
    },
    dispose() {
      b.dispose();
      p.dispose();
    },
  };
}

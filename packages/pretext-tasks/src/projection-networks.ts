import type * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type ApplyOptions, type Module, type ModuleFactory, type Rng, type VariableMap } from '@selfsup/core';

/** The networks of a task that learns from projections of views. */
export interface NetworkFactories {
  /** Makes the encoder that is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the network between the encoder and the loss, to `[n, projectionDim]`, thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/** A backbone with its projection head. Internal. */
export interface ProjectionNetworks {
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  readonly projectionHead: Module<tf.Tensor2D, tf.Tensor2D>;
  /** The variables of both, under `backbone/` and `projectionHead/`. */
  readonly trainable: VariableMap;
  /** Their statistics, under the same names. */
  readonly buffers: VariableMap;
  /** Images to projections `[n, projectionDim]`. */
  encode(images: tf.Tensor4D, options: ApplyOptions): tf.Tensor2D;
  readonly dispose: () => void;
}

/** Builds both networks. Internal. */
export function createProjectionNetworks(factories: NetworkFactories, rng: Rng): ProjectionNetworks {
  const backbone = factories.backbone(rng.fold('backbone'));
  const projectionHead = factories.projectionHead(rng.fold('projectionHead'));
  return {
    backbone,
    projectionHead,
    trainable: joinVariables({ backbone: backbone.trainable, projectionHead: projectionHead.trainable }),
    buffers: joinVariables({ backbone: backbone.buffers, projectionHead: projectionHead.buffers }),
    encode: (images, options) => projectionHead.apply(backbone.apply(images, options), options),
    dispose() {
      backbone.dispose();
      projectionHead.dispose();
    },
  };
}

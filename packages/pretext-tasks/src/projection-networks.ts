import type * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module, ModuleFactory, Rng } from '@selfsup/core';

/** The networks of a task that learns from projections of views. */
export interface NetworkFactories {
  /** Makes the backbone, which is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the network between the backbone and the loss, to `[n, projectionDim]`, thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/** What tasks on views say about each image: its `projections` `[n, projectionDim]`, one tensor for each view. */
export type ProjectedViews = Readonly<Record<'projections', readonly tf.Tensor2D[]>>;

/** What tasks with a prediction head say about each image: `projections` and `predictions` `[n, projectionDim]`, one of both for each view. */
export type PredictedViews = Readonly<Record<'projections' | 'predictions', readonly tf.Tensor2D[]>>;

/** A backbone with its projection head. Internal. */
export type ProjectionNetworks = Readonly<
  Record<'backbone', Module<tf.Tensor4D, tf.Tensor2D>> & Record<'projectionHead', Module<tf.Tensor2D, tf.Tensor2D>>
>;

/** Builds both networks, each from a stream of its own. Internal. */
export function createProjectionNetworks(factories: NetworkFactories, rng: Rng): ProjectionNetworks {
  return { backbone: factories.backbone(rng.fold('backbone')), projectionHead: factories.projectionHead(rng.fold('projectionHead')) };
}

/** Images `[n, height, width, channels]` to projections `[n, projectionDim]`. Internal. */
export function project({ backbone, projectionHead }: ProjectionNetworks, images: tf.Tensor4D, options: ApplyOptions): tf.Tensor2D {
  return projectionHead.apply(backbone.apply(images, options), options);
}

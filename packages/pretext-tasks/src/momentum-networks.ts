import type * as tf from '@tensorflow/tfjs-core';
import { createMomentumPair, joinVariables, type ApplyOptions, type Module, type Rng, type VariableMap } from '@selfsup/core';
import type { NetworkFactories, ProjectionNetworks } from './projection-networks.ts';

type Networks = Pick<ProjectionNetworks, 'backbone' | 'projectionHead'>;

/** An online backbone with its projection head, and the copies that follow them. Internal. */
export interface MomentumNetworks {
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** The networks that are trained. */
  readonly online: Networks;
  /** Their copies. */
  readonly target: Networks;
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
  readonly dispose: () => void;
}

/**
 * Builds both networks twice; the target starts as an exact copy, its head too. Internal.
 *
 * @param factories the networks
 * @param rng each network has a stream of its own
 * @param name what the paper calls the copies, under which their variables lie; default `target`
 */
export function createMomentumNetworks(factories: NetworkFactories, rng: Rng, name: 'target' | 'teacher' = 'target'): MomentumNetworks {
  const backbone = createMomentumPair(factories.backbone, rng.fold('backbone'));
  const projectionHead = createMomentumPair(factories.projectionHead, rng.fold('projectionHead'));
  const all = ({ trainable, buffers }: Pick<Module, 'trainable' | 'buffers'>) => ({ ...trainable, ...buffers });
  const project = (networks: Networks) => (images: tf.Tensor4D, options: ApplyOptions) =>
    networks.projectionHead.apply(networks.backbone.apply(images, options), options);
  const online = { backbone: backbone.online, projectionHead: projectionHead.online };
  const target = { backbone: backbone.target, projectionHead: projectionHead.target };
  return {
    backbone: online.backbone,
    online,
    target,
    trainable: joinVariables({ backbone: online.backbone.trainable, projectionHead: online.projectionHead.trainable }),
    buffers: joinVariables({
      backbone: online.backbone.buffers,
      projectionHead: online.projectionHead.buffers,
      [`${name}/backbone`]: all(target.backbone),
      [`${name}/projectionHead`]: all(target.projectionHead),
    }),
    encode: project(online),
    encodeTarget: project(target),
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

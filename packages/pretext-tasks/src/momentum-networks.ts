import { createMomentumPair, type Module, type Rng } from '@selfsup/core';
import type { NetworkFactories, ProjectionNetworks } from './projection-networks.ts';

/** A backbone with its projection head, and the copies that follow them. Internal. */
export interface MomentumNetworks {
  /** The networks that are trained. */
  readonly online: ProjectionNetworks;
  /** Their copies. */
  readonly target: ProjectionNetworks;
  /** The copies with all of their variables as buffers, by the paths under which they lie, for `joinNetworks`. */
  readonly copies: Readonly<Record<string, Pick<Module, 'trainable' | 'buffers' | 'dispose'>>>;
  /** target ← momentum · target + (1 − momentum) · online, in both networks. */
  readonly update: (momentum: number) => void;
}

/** A copy of a network with all of its variables as buffers. Internal. */
export function untrained(module: Pick<Module, 'trainable' | 'buffers' | 'dispose'>): Pick<Module, 'trainable' | 'buffers' | 'dispose'> {
  return {
    trainable: {},
    buffers: { ...module.trainable, ...module.buffers },
    dispose: () => {
      module.dispose();
    },
  };
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
  return {
    online: { backbone: backbone.online, projectionHead: projectionHead.online },
    target: { backbone: backbone.target, projectionHead: projectionHead.target },
    copies: { [`${name}/backbone`]: untrained(backbone.target), [`${name}/projectionHead`]: untrained(projectionHead.target) },
    update(momentum) {
      backbone.update(momentum);
      projectionHead.update(momentum);
    },
  };
}

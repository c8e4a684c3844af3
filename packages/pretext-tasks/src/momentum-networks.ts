import { createMomentumPair, type MomentumNetwork, type Rng } from '@selfsup/core';
import { asBuffers } from './as-buffers.ts';
import type { NetworkFactories, ProjectionNetworks } from './projection-networks.ts';

/** A backbone with its projection head, and the copies that follow them. Internal. */
export interface MomentumNetworks {
  /** The networks that are trained. */
  readonly online: ProjectionNetworks;
  /** Their copies. */
  readonly target: ProjectionNetworks;
  /** The copies with all of their variables as buffers, by the paths under which they lie, for `joinNetworks`. */
  readonly copies: Readonly<Record<string, MomentumNetwork>>;
  /** target ← momentum · target + (1 − momentum) · online, in both networks. */
  readonly update: (momentum: number) => void;
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
    copies: { [`${name}/backbone`]: asBuffers(backbone.target), [`${name}/projectionHead`]: asBuffers(projectionHead.target) },
    update(momentum) {
      backbone.update(momentum);
      projectionHead.update(momentum);
    },
  };
}

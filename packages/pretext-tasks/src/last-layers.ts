import { optionError } from './check-options.ts';
import type { JoinedNetworks } from './join-networks.ts';

/** Where the last layers of the heads of class tokens and of patches lie. Internal. */
export const LAST_LAYERS: readonly string[] = ['projectionHead/lastLayer/', 'patchHead/lastLayer/'];

/** Disposes the networks and throws when last layers are to be frozen and there are none. Internal. */
export function assertLastLayer(who: string, joined: JoinedNetworks, freezeLastLayerSteps: number): void {
  if (freezeLastLayerSteps === 0) return;
  if (Object.keys(joined.trainable).some((path) => LAST_LAYERS.some((prefix) => path.startsWith(prefix)))) return;
  joined.dispose();
  throw optionError(who, {
    name: 'freezeLastLayerSteps',
    expected: '0 for a head without `lastLayer`',
    got: freezeLastLayerSteps,
  });
}

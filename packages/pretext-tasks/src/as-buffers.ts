import type { MomentumNetwork } from '@selfsup/core';

/** A network that nothing trains, such as one that follows another: all of its variables as buffers, for `joinNetworks`. Internal. */
export const asBuffers = (network: MomentumNetwork): MomentumNetwork => ({
  trainable: {},
  buffers: { ...network.trainable, ...network.buffers },
  dispose: () => {
    network.dispose();
  },
});

import { joinVariables, type Module, type VariableMap } from '@selfsup/core';

type Network = Readonly<Pick<Module, 'trainable' | 'buffers'>> & { readonly dispose: () => void };

/**
 * The variables of a task's networks, each under its network's name, and one `dispose` for all.
 *
 * @param networks the networks by name, in the order of their variables
 * @param before networks and queues whose variables come first, under the paths that they have
 * @returns what a run of the contract has beside its phases
 */
export function joinNetworks(
  networks: Readonly<Record<string, Omit<Network, 'dispose'> & { dispose(): void }>>,
  ...before: readonly Network[]
): Network {
  const all = (kind: 'trainable' | 'buffers'): VariableMap => ({
    ...Object.fromEntries(before.flatMap((joined) => Object.entries(joined[kind]))),
    ...joinVariables(Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, network[kind]]))),
  });
  return {
    trainable: all('trainable'),
    buffers: all('buffers'),
    dispose() {
      for (const network of [...before, ...Object.values(networks)]) network.dispose();
    },
  };
}

import { joinVariables, type Module, type VariableMap } from '@selfsup/core';

/** What a run of the contract has beside its encoders and phases. Internal. */
export interface JoinedNetworks {
  readonly trainable: VariableMap;
  readonly buffers: VariableMap;
  readonly dispose: () => void;
}

/**
 * The variables of a task's networks, each under its network's name, and one `dispose` for all. Internal.
 *
 * @param networks the networks by name, in the order of their variables
 * @param state buffers of no network, such as a queue, by path; they come last
 * @returns what a run of the contract has beside its encoders and phases
 */
export function joinNetworks(
  networks: Readonly<Record<string, Pick<Module, 'trainable' | 'buffers' | 'dispose'>>>,
  state: VariableMap = {},
): JoinedNetworks {
  const all = (kind: 'trainable' | 'buffers'): VariableMap =>
    joinVariables(Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, network[kind]])));
  return {
    trainable: all('trainable'),
    buffers: { ...all('buffers'), ...state },
    dispose() {
      for (const part of [...Object.values(networks), ...Object.values(state)]) part.dispose();
    },
  };
}

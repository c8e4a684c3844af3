import type { VariableMap } from '@selfsup/core';

/**
 * The variables that learn: one whose flag `trainable` is false stands still, as everywhere in TensorFlow.js. Internal.
 *
 * @param variables what a run calls trainable
 * @returns those with the flag, in their order
 */
export const learningVariables = (variables: VariableMap): VariableMap =>
  Object.fromEntries(Object.entries(variables).filter(([, { trainable }]) => trainable));

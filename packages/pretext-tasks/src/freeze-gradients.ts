import type * as tf from '@tensorflow/tfjs-core';
import type { StepContext } from '@selfsup/core';

/**
 * What keeps some variables as they are at the start of a run: the contract's `transformGradients`. Internal.
 *
 * @param prefixes where their paths begin
 * @param steps for how many steps
 * @returns gradients with null in the place of those variables' ones
 */
export const freezeGradients =
  (prefixes: string | readonly string[], steps: number) =>
  (gradients: Record<string, tf.Tensor | null>, { step }: StepContext): Record<string, tf.Tensor | null> =>
    step >= steps
      ? gradients
      : Object.fromEntries(
          Object.entries(gradients).map(([path, gradient]) => [
            path,
            [prefixes].flat().some((prefix) => path.startsWith(prefix)) ? null : gradient,
          ]),
        );

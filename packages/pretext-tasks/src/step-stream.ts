import type { ApplyOptions, Rng, StepContext } from '@selfsup/core';

/** The stream of a step on a rank, apart from those of other tags. Internal. */
export function stepStream(tag: string, { rng, step, collective }: StepContext): Rng {
  return rng.fold(tag).fold(step).fold(collective.rank);
}

/** With what networks are applied to one view of a step, or for one purpose: each has a stream of its own. Internal. */
export function applyOptions(tag: string, context: StepContext): (purpose: string | number) => Required<ApplyOptions> {
  const stream = stepStream(tag, context);
  return (purpose) => ({ training: context.training, rng: stream.fold(purpose) });
}

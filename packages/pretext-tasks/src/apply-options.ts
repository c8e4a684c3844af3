import type { ApplyOptions, Rng, StepContext } from '@selfsup/core';

/** How a network runs in a step: in its mode, on the stream of a name, such as `view 0`; each purpose needs a name of its own. Internal. */
export function applyOptions(
  { training, stream, recompute = false, synchronize }: StepContext,
  name: string,
): ApplyOptions & { readonly rng: Rng } {
  return { training, synchronize, rng: stream(name), ...(recompute && { recompute }) };
}

/** How a teacher runs in a step: like a student, but nothing of it is dropped. Internal. */
export const teacherOptions = (context: StepContext): ApplyOptions & { readonly rng: Rng } => ({
  ...applyOptions(context, 'teacher'),
  drops: false,
});

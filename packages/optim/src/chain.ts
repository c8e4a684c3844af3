import type { Tensor } from '@tensorflow/tfjs-core';
import type { Gradients } from '@selfsup/core';
import { SelfsupError } from '@selfsup/core';
import type { GradientTransform, TransformState } from './gradient-transform.ts';

function labelsOf(links: readonly GradientTransform[]): string[] {
  const seen = new Map<string, number>();
  return links.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  });
}

function joinByLabel<T>(labels: readonly string[], maps: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.fromEntries(
    maps.flatMap((map, i) => Object.entries(map).map(([path, value]) => [`${labels[i]!}/${path}`, value] as const)),
  );
}

/** Disposes what a link received and did not pass on; the chain's own input stays with the caller. */
function disposeSpent(before: Gradients, after: Gradients, input: Gradients): void {
  const alive = new Set<Tensor | null>([...Object.values(after), ...Object.values(input)]);
  for (const tensor of Object.values(before)) if (!alive.has(tensor)) tensor?.dispose();
}

/**
 * Applies transforms one after another, each to the updates of the one before.
 *
 * @param transforms in the order of application; a chain among them is flattened
 * @returns the transform that does all of them; its slots are named `<transform>/<slot>/<path>`, a second one of the same name `<transform>-2/…`
 * @throws SelfsupError `SELFSUP_OPTION` when there is none
 * @remarks The last link must turn gradients into steps downhill: {@link scaleByLearningRate} multiplies by −rate.
 * @see the design follows optax, https://github.com/google-deepmind/optax
 * @example
 * ```ts
 * import { addDecayedWeights, chain, clipByGlobalNorm, noDecayOnNorms, scaleByAdam, scaleByLearningRate } from '@selfsup/optim';
 * const optimizer = chain(
 *   clipByGlobalNorm(1),
 *   scaleByAdam(),
 *   addDecayedWeights({ weightDecay: 0.01, mask: noDecayOnNorms }),
 *   scaleByLearningRate(1e-3),
 * );
 * ```
 */
export function chain(...transforms: readonly GradientTransform[]): GradientTransform {
  const links = transforms.flatMap((transform) => transform.links ?? [transform]);
  if (links.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'chain: needs at least one transform, got none');
  const labels = labelsOf(links);
  return {
    name: 'chain',
    links,
    init(variables): TransformState {
      const states = links.map((link) => link.init(variables));
      return {
        variables: joinByLabel(
          labels,
          states.map((state) => state.variables),
        ),
        counters: joinByLabel(
          labels,
          states.map((state) => state.counters),
        ),
        update(updates, context) {
          let current = updates;
          for (const state of states) {
            const next = state.update(current, context);
            disposeSpent(current, next, updates);
            current = next;
          }
          return current;
        },
        dispose() {
          for (const state of states) state.dispose();
        },
      };
    },
  };
}

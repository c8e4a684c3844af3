import { SelfsupError, type Gradients, type VariableMap } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { chain } from './chain.ts';
import type { GradientTransform, TransformState } from './gradient-transform.ts';

interface Part {
  readonly label: string;
  readonly paths: readonly string[];
  /** Null: these variables are never updated. */
  readonly state: TransformState | null;
}

const pick = <T>(all: Readonly<Record<string, T>>, paths: readonly string[]): Record<string, T> =>
  Object.fromEntries(paths.flatMap((path) => (path in all ? [[path, all[path]!] as const] : [])));

const prefixed = <T>(parts: readonly Part[], mapOf: (state: TransformState) => Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    parts.flatMap(({ label, state }) => Object.entries(state ? mapOf(state) : {}).map(([path, value]) => [`${label}/${path}`, value])),
  );

/**
 * Gives each group of variables a transform of its own: other rates for the head than for the backbone, no update at all for a part.
 *
 * @param labelOf the group of a variable; called once for each, when the slots are made
 * @param transforms by label: a transform, or null for variables that are never updated; a label without variables does no harm
 * @returns the transform; its slots are named `partition/<label>/<transform>/<slot>/<path>`
 * @throws SelfsupError `SELFSUP_OPTION` when there is no transform, or a label is empty or has a slash; from `init` when a label has no transform
 * @see the design follows `multi_transform` of optax, https://github.com/google-deepmind/optax
 * @remarks Each transform sees its own variables only: `clipByGlobalNorm` in a group takes the norm of that group. Before `partition`, it takes the norm of all
 * gradients, those of variables that are never updated among them.
 * @example
 * ```ts
 * import { adamW, partition } from '@selfsup/optim';
 * const optimizer = partition((path) => (path.startsWith('head/') ? 'head' : path.startsWith('patch/') ? 'frozen' : 'rest'), {
 *   head: adamW({ learningRate: 1e-3 }),
 *   rest: adamW({ learningRate: 1e-4 }),
 *   frozen: null,
 * });
 * ```
 */
export function partition(
  labelOf: (path: string, variable: tf.Variable) => string,
  transforms: Readonly<Record<string, GradientTransform | null>>,
): GradientTransform {
  const labels = Object.keys(transforms);
  if (labels.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'partition: `transforms` must have at least one label, got none');
  for (const label of labels)
    if (!/^[^/]+$/.test(label))
      throw new SelfsupError('SELFSUP_OPTION', `partition: a label must be a word without slash, got ${JSON.stringify(label)}`);
  const chains = Object.fromEntries(labels.map((label) => [label, transforms[label] ? chain(transforms[label]) : null]));
  return {
    name: 'partition',
    init(variables): TransformState {
      const parts = split(variables, labelOf, labels).map(([label, paths]): Part => {
        return { label, paths, state: chains[label]?.init(pick(variables, paths)) ?? null };
      });
      return {
        variables: prefixed(parts, (state) => state.variables),
        counters: prefixed(parts, (state) => state.counters),
        update(updates, context) {
          const result: Record<string, tf.Tensor | null> = { ...updates };
          for (const { paths, state } of parts) {
            const own: Gradients = pick(updates, paths);
            const fresh = state?.update(own, { ...context, variables: pick(context.variables, paths) });
            for (const path of Object.keys(own)) result[path] = fresh?.[path] ?? null;
          }
          return result;
        },
        dispose() {
          for (const { state } of parts) state?.dispose();
        },
      };
    },
  };
}

function split(
  variables: VariableMap,
  labelOf: (path: string, variable: tf.Variable) => string,
  labels: readonly string[],
): [label: string, paths: string[]][] {
  const groups = new Map<string, string[]>(labels.map((label) => [label, []]));
  for (const [path, variable] of Object.entries(variables)) {
    const label = labelOf(path, variable);
    const group = groups.get(label);
    if (!group)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `partition: \`transforms\` must have the label of every variable, \`${path}\` has ${JSON.stringify(label)}; there are ${labels.join(', ')}`,
      );
    group.push(path);
  }
  return [...groups].filter(([, paths]) => paths.length > 0);
}

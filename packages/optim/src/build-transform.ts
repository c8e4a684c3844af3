// What transforms are built with: several of them use each of these.
import type { Gradients, VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Counter, GradientTransform, TransformState, UpdateContext } from './gradient-transform.ts';

/** Applies a function to every update that is not null, each in its own tidy so that temporaries of one variable at a time are alive. Internal. */
export function mapUpdates(updates: Gradients, change: (update: tf.Tensor, path: string) => tf.Tensor): Gradients {
  return Object.fromEntries(
    Object.entries(updates).map(([path, update]) => [path, update === null ? null : tf.tidy(() => change(update, path))] as const),
  );
}

/** A transform without slots. Internal. */
export function withoutSlots(name: string, update: TransformState['update']): GradientTransform {
  return { name, init: () => ({ variables: {}, counters: {}, update, dispose: () => undefined }) };
}

/** The slots of a transform at work, by slot and path. Internal. */
export interface Slots<S extends string> {
  readonly slot: (name: S, path: string) => tf.Variable;
  readonly counter: (path: string) => Counter;
}

/** What a transform with slots is made of. Internal. */
export interface SlotOptions<S extends string> {
  /** Each is a variable of zeros per path. */
  readonly slots: readonly S[];
  /** True: a counter `count` per path. */
  readonly counts?: boolean;
  readonly update: (updates: Gradients, context: UpdateContext, slots: Slots<S>) => Gradients;
}

/** A transform with slots that start at 0, under `<slot>/<path>`. Internal. */
export function withSlots<S extends string>(name: string, options: SlotOptions<S>): GradientTransform {
  const { slots: names, counts = false, update } = options;
  return {
    name,
    init(initial) {
      const paths = Object.keys(initial);
      const zeros = (path: string) => tf.tidy(() => tf.variable(tf.zerosLike(initial[path]!), false));
      const variables: VariableMap = Object.fromEntries(names.flatMap((slot) => paths.map((path) => [`${slot}/${path}`, zeros(path)])));
      const counters: Record<string, Counter> = Object.fromEntries(counts ? paths.map((path) => [`count/${path}`, { value: 0 }]) : []);
      const slots: Slots<S> = {
        slot: (slot, path) => variables[`${slot}/${path}`]!,
        counter: (path) => counters[`count/${path}`]!,
      };
      return {
        variables,
        counters,
        update: (updates, context) => update(updates, context, slots),
        dispose() {
          for (const slot of Object.values(variables)) slot.dispose();
        },
      };
    },
  };
}

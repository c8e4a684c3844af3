import type { Gradients, VariableMap } from '@selfsup/core';
import { SelfsupError } from '@selfsup/core';

/** What a transform knows beside the gradients. */
export interface UpdateContext {
  /** Optimizer updates done so far: 0 at the first. */
  readonly step: number;
  /** The variables that will be updated, by path. */
  readonly variables: VariableMap;
}

/** A number of updates, kept outside tensors so that bias corrections are exact; the checkpoint stores it as an int32 scalar. */
export interface Counter {
  /** How often it has counted. */
  value: number;
}

/** A transform at work on one set of variables, with its slots. */
export interface TransformState {
  /** The slots, `<slot>/<path>`; a chain puts the transform's name in front. */
  readonly variables: VariableMap;
  /** The counters, `<slot>/<path>`; a chain puts the transform's name in front. */
  readonly counters: Readonly<Record<string, Counter>>;
  /** Maps gradients (or the previous transform's updates) to updates and advances the slots; runs inside `tf.tidy`. Null stays null and moves no slot. */
  update(updates: Gradients, context: UpdateContext): Gradients;
  /** Disposes the slots. */
  dispose(): void;
}

/** A rule from gradients to updates, keyed by path; compose them with {@link chain}. The trainer adds the last updates to the variables. */
export interface GradientTransform {
  /** In lower camel case, such as `scaleByAdam`; part of the checkpoint's paths. */
  readonly name: string;
  /** The members of a chain; absent for a single transform. */
  readonly links?: readonly GradientTransform[];
  /** Makes the slots for these variables. */
  init(variables: VariableMap): TransformState;
}

/** A transform without slots. Internal. */
export function withoutSlots(name: string, update: TransformState['update']): GradientTransform {
  return { name, init: () => ({ variables: {}, counters: {}, update, dispose: () => undefined }) };
}

/** Throws unless `value` lies in [min, max). Internal. */
export function assertRange(what: string, value: number, range: { min: number; max?: number }): void {
  const { min, max = Infinity } = range;
  if (!(value >= min && value < max)) throw new SelfsupError('SELFSUP_OPTION', `${what} must be in [${min}, ${max}), got ${value}`);
}

import type { Gradients, VariableMap } from '@selfsup/core';

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
  /**
   * Maps gradients (or the previous transform's updates) to updates and advances the slots; runs inside `tf.tidy`. Null stays null: that variable is not
   * updated, and no slot that its next update depends on moves.
   */
  update(updates: Gradients, context: UpdateContext): Gradients;
  /** Disposes the slots. */
  dispose(): void;
}

/** A rule from gradients to updates, keyed by path; compose them with {@link chain}. Whoever trains adds the last updates to the variables. */
export interface GradientTransform {
  /** In lower camel case, such as `scaleByAdam`; part of the checkpoint's paths. */
  readonly name: string;
  /** The members of a chain; absent for a single transform. */
  readonly links?: readonly GradientTransform[];
  /** Makes the slots for these variables. */
  init(variables: VariableMap): TransformState;
}

import type * as tf from '@tensorflow/tfjs-core';
import type { Draw, Operand } from './draw.ts';
import type { NdArray } from './nd-array.ts';

/** Tensors by name. Internal. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;
/** Arrays in float64 by name. Internal. */
export type Arrays = Readonly<Record<string, NdArray>>;

/** One call of an operation: its operands, how tfjs computes it, and what comes out by its definition in float64. Internal. */
export interface OperationCase {
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly compute: (x: Tensors) => tf.Tensor | readonly tf.Tensor[];
  readonly expected: (x: Arrays) => NdArray | readonly NdArray[];
  /** The inputs by which it is differentiated; default none. */
  readonly gradients?: readonly string[];
}

/** An operation and its cases. Internal. */
export interface Operation {
  /** As in `tf.conv2d`, or the name in `@selfsup/core`. */
  readonly name: string;
  /** A random case. */
  readonly random: (draw: Draw) => OperationCase;
  /** Cases with NaN and infinity, where the definition says what comes out. */
  readonly notFinite?: (draw: Draw) => readonly OperationCase[];
  /** Cases with empty tensors, where they are allowed. */
  readonly empty?: () => readonly OperationCase[];
  /** The largest error as a part of the largest number that is expected, or of 0.1; default 2e-5. */
  readonly tolerance?: number;
}

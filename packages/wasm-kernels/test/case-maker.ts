import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { Values } from './wasm-under-test.ts';

/** One random call of a kernel. */
export interface KernelCase {
  readonly inputs: Readonly<Record<string, Values>>;
  readonly attrs: NamedAttrMap;
  /** Expected outputs; left out, the cpu backend gives them. */
  readonly expected?: readonly ArrayLike<number>[];
  /**
   * Sums of the absolute values of the terms behind `expected`. Where terms cancel, float32 cannot do better than a share of these: the error
   * is measured against at least three hundredths of their norm.
   */
  readonly magnitude?: readonly ArrayLike<number>[];
  /** Compares with the cpu backend besides `expected`, where that backend is right. */
  readonly alsoCpu?: boolean;
}

/** How a maker's cases are run and judged. */
export interface CaseOptions {
  /** How many seeds the tests run. The fuzzer runs its number times this one over 200. Default 200. */
  cases?: number;
  /** Largest relative error. Default 1e-5. */
  tolerance?: number;
  /** The error of an output as a whole (its norm), or of each element by itself. Default 'norm'. */
  measure?: 'norm' | 'elements';
}

/** A named source of random cases for one kernel. */
export interface CaseMaker extends CaseOptions {
  readonly title: string;
  readonly kernel: string;
  readonly make: (random: () => number) => KernelCase;
}

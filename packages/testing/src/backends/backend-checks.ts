import { SelfsupError } from '@selfsup/core';
import { createDraw, type Draw } from './draw.ts';
import type { Operation, OperationCase } from './operation.ts';
import { operations } from './operations/all.ts';
import { checkGradient, checkValues, describeInputs } from './run-case.ts';

/** What is checked of an operation. */
export type BackendCheckKind = 'values' | 'gradient' | 'not finite' | 'empty';

/** Options of {@link backendChecks}. */
export interface BackendCheckOptions {
  /** Random cases per operation, for the values and for the gradients; an integer ≥ 1, default 12. */
  cases?: number;
  /** Which cases are drawn; default 0. */
  seed?: number;
  /** The operations to check, such as `conv2d`; default all. */
  operations?: readonly string[];
  /** How many times the usual error is allowed; > 0, default 1. */
  slack?: number;
}

/** One thing that an operation must do on the backend that is current when it runs. */
export interface BackendCheck {
  /** The operation and what is checked, such as `conv2d, gradient`. */
  readonly name: string;
  /** As in `tf.conv2d`, or the name of an operation of `@selfsup/core`. */
  readonly operation: string;
  /** Whether values, gradients, numbers that are not finite, or empty tensors are looked at. */
  readonly kind: BackendCheckKind;
  /** Makes the check on the current backend; rejects with a SelfsupError that says what is wrong, or with what the backend throws. */
  readonly run: () => Promise<void>;
}

/** The kinds of checks, in the order of the list. */
const KINDS: readonly BackendCheckKind[] = ['values', 'gradient', 'not finite', 'empty'];

interface Judging {
  readonly cases: number;
  readonly seed: number;
  readonly slack: number;
}

/** The cases of a kind, each with the source of its randomness. */
function casesOf(one: Operation, kind: BackendCheckKind, { seed, cases }: Judging): readonly { draw: Draw; made: OperationCase }[] {
  const drawAt = (i: number) => createDraw(seed, one.name, kind === 'gradient' ? 'values' : kind, i);
  if (kind === 'empty') return one.empty?.().map((made, i) => ({ draw: drawAt(i), made })) ?? [];
  if (kind === 'not finite') return one.notFinite?.(drawAt(0)).map((made) => ({ draw: drawAt(0), made })) ?? [];
  return Array.from({ length: cases }, (_, i) => {
    const draw = drawAt(i);
    return { draw, made: one.random(draw) };
  });
}

/** Whether an operation has checks of a kind; the gradient shows in its cases. */
function has(one: Operation, kind: BackendCheckKind, judging: Judging): boolean {
  if (kind === 'gradient') return casesOf(one, kind, judging).some(({ made }) => made.gradients !== undefined);
  return kind === 'values' || (kind === 'empty' ? one.empty : one.notFinite) !== undefined;
}

async function check(one: Operation, kind: BackendCheckKind, judging: Judging): Promise<void> {
  for (const [i, { draw, made }] of casesOf(one, kind, judging).entries()) {
    const where = `${one.name} of ${describeInputs(made.inputs)} (case ${i})`;
    const measure = { tolerance: judging.slack * (one.tolerance ?? 2e-5), where, each: kind === 'not finite' };
    if (kind !== 'gradient') await checkValues(made, measure);
    else if (made.gradients !== undefined) await checkGradient(made, { ...measure, draw });
  }
}

/**
 * What a backend must compute, as a list for any test runner: every operation that the encoders, losses, augmentations, optimizers and tasks of selfsup use,
 * its values and gradients on random shapes and numbers of both signs, with NaN and infinity, and empty where that is allowed.
 *
 * @param options see {@link BackendCheckOptions}
 * @returns the checks; each runs on the backend that is then current, and none depends on another
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range or an unknown operation; from a check's `run` `SELFSUP_BACKEND`, or what the backend throws
 * @remarks The references are plain JavaScript in float64, and central differences of it for the gradients: no other backend is needed. Tensors are read by
 * `data()` alone, so that the checks run on WebGPU and in a page. Before each case the operation runs on NaN, so that memory which a backend
 * uses again is dirty. The gradients of tfjs must be registered.
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * import { backendChecks } from '@selfsup/testing';
 * import { it } from 'node:test';
 *
 * await selectBackend({ prefer: 'cpu' });
 * for (const { name, run } of backendChecks({ operations: ['matMul', 'softmax'] })) it(name, run);
 * ```
 */
export function backendChecks(options: BackendCheckOptions = {}): readonly BackendCheck[] {
  const { cases = 12, seed = 0, slack = 1, operations: wanted } = options;
  if (!Number.isInteger(cases) || cases < 1)
    throw new SelfsupError('SELFSUP_OPTION', `backendChecks: \`cases\` must be an integer >= 1, got ${cases}`);
  if (!Number.isSafeInteger(seed)) throw new SelfsupError('SELFSUP_OPTION', `backendChecks: \`seed\` must be an integer, got ${seed}`);
  if (!(slack > 0)) throw new SelfsupError('SELFSUP_OPTION', `backendChecks: \`slack\` must be > 0, got ${slack}`);
  const unknown = wanted?.find((name) => !operations.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `backendChecks: \`operations\` must be of ${operations.map(({ name }) => name).join(', ')}, got '${unknown}'`,
    );
  const judging = { cases, seed, slack };
  return operations
    .filter(({ name }) => wanted === undefined || wanted.includes(name))
    .flatMap((one) =>
      KINDS.filter((kind) => has(one, kind, judging)).map((kind) => ({
        name: `${one.name}, ${kind}`,
        operation: one.name,
        kind,
        run: () => check(one, kind, judging),
      })),
    );
}

import { SelfsupError, type Batch, type Targets } from '@selfsup/core';
import { checkAccumulation, checkBackends, checkDifferences, checkRanks, halveBatch } from './check-agreement.ts';
import { checkRows } from './check-rows.ts';
import { checkEvaluation, checkFrozen, checkMemory, checkPurity, checkResume, checkSeeds } from './check-runs.ts';
import { checkGradientsArrive, checkLoss, checkName, checkVariables } from './check-shape-of-task.ts';
import { checkStatistics } from './check-statistics.ts';
import type { ConformanceOptions, SkippableCheck, Subject } from './conformance-options.ts';

/** One thing that a task must do. */
export interface ConformanceCheck {
  /** 1 … 16. */
  readonly number: number;
  /** The number and what must hold, such as `2 trainable and buffers are disjoint`. */
  readonly name: string;
  /** Why the check is not made, if it is not. */
  readonly skipped: string | undefined;
  /** Makes the check; rejects with a SelfsupError that says what is wrong. A skipped check resolves. */
  readonly run: () => Promise<void>;
}

const checks: readonly (readonly [string, (subject: Subject) => void | Promise<void>, SkippableCheck?])[] = [
  ['the name is kebab-case, the contract is known', checkName],
  ['trainable, buffers and frozen are disjoint and hold every variable', checkVariables],
  ['the loss is a finite float32 scalar', checkLoss],
  ['every trainable variable gets a gradient, no teacher does', checkGradientsArrive],
  ['targets, embed and loss twice give one value and write nothing', checkPurity],
  ['the same seed gives the same run, another seed another', checkSeeds],
  ['a run restored after step 3 goes on bit for bit', checkResume],
  ['no tensor is left by a step or after dispose', checkMemory],
  ['evaluation changes nothing', checkEvaluation],
  ['two ranks give the gradients of one', checkRanks, 'ranks'],
  ['gradients agree with central differences', checkDifferences, 'differences'],
  ['the backends that are there agree', checkBackends],
  ['embed says about each sample what it says alone', checkRows, 'rows'],
  ['accumulated micro-batches give the gradients of one batch', checkAccumulation, 'accumulate'],
  ['frozen variables never change', checkFrozen],
  ['encoders heed updateStatistics and get the ranks of their normalization', checkStatistics],
];

function withDefaults(options: ConformanceOptions): Subject {
  const { learningRate = 0.01, steps = 6, gradientSamples = 2, gradientTolerance = 0.02 } = options;
  if (!(learningRate > 0)) throw new SelfsupError('SELFSUP_OPTION', `conformanceChecks: \`learningRate\` must be > 0, got ${learningRate}`);
  if (!Number.isInteger(steps) || steps < 4)
    throw new SelfsupError('SELFSUP_OPTION', `conformanceChecks: \`steps\` must be an integer >= 4, got ${steps}`);
  if (!Number.isInteger(gradientSamples) || gradientSamples < 0)
    throw new SelfsupError('SELFSUP_OPTION', `conformanceChecks: \`gradientSamples\` must be an integer >= 0, got ${gradientSamples}`);
  return {
    statistics: /(^|\/)((moving|running)[-_]?)?(mean|variance|var)$/i,
    afterStepWrites: [],
    split: halveBatch,
    ...options,
    skip: { ...(options.skip?.ranks !== undefined && { accumulate: options.skip.ranks }), ...options.skip },
    ...{ learningRate, steps, gradientSamples, gradientTolerance },
  };
}

/**
 * The conformance kit as a list, for any test runner: what every task of the contract must do.
 *
 * @param options see {@link ConformanceOptions}
 * @returns sixteen checks, each independent of the others, to be run one after the other; they read tensors by `data()` alone, so that they run on webgpu and in a page
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from a check's `run` `SELFSUP_PLUGIN_API`, or what the task throws
 * @remarks The kit drives the task with plain SGD in the contract's order, on the streams that the trainer uses. Gradients of tfjs must be registered. What it
 * cannot see: a loss that computes something else than the paper, and a network that serves as its own teacher without stop-gradient.
 * @example
 * ```ts
 * import { conformanceChecks } from '@selfsup/testing';
 * import { it } from 'node:test';
 * for (const { name, run, skipped } of conformanceChecks({ task, batchAt })) it(name, { skip: skipped }, run);
 * ```
 */
export function conformanceChecks<B extends Batch, T extends Targets>(options: ConformanceOptions<B, T>): readonly ConformanceCheck[] {
  const subject = withDefaults(options as unknown as ConformanceOptions);
  return checks.map(([what, check, skippable], i) => {
    const skipped = skippable && subject.skip[skippable];
    return {
      number: i + 1,
      name: `${i + 1} ${what}`,
      skipped,
      run: async () => {
        if (skipped === undefined) await check(subject);
      },
    };
  });
}

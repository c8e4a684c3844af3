import type { Module } from './module.ts';
import type { PretextTaskRun } from './pretext-task.ts';

/**
 * The encoder of a run that is evaluated and exported when nobody says more: the first of `encoders`.
 *
 * @param run a task's run, such as `trainer.run`
 * @returns the module
 */
export function defaultEncoder(run: Pick<PretextTaskRun, 'encoders'>): Module {
  return Object.values(run.encoders)[0]!; // the trainer refuses a run without one
}

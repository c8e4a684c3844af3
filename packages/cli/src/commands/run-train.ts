import { SelfsupError } from '@selfsup/core';
import type { RunConfig } from '../options/define-run.ts';
import { loadConfig } from '../options/load-config.ts';
import type { Output } from '../output/output.ts';
import { tasks } from '../registry-tasks.ts';
import { textTasks } from '../text/registry-text-tasks.ts';
import { isTextRun } from '../text/text-run-file.ts';

/**
 * `selfsup train`: pretrains an encoder, on images or on text as its task has it.
 *
 * @param flags the flags of the command line
 * @param options `configFile` of `--config`; where to report
 * @returns the exit code: 0, or 130 after an interrupt
 * @throws SelfsupError `SELFSUP_OPTION` on a task that is not known
 */
export async function runTrain(flags: RunConfig, options: { configFile: string | undefined; output: Output }): Promise<number> {
  const config = options.configFile === undefined ? {} : await loadConfig(options.configFile);
  const task = flags.task ?? config.task;
  const [resume, out] = [flags.resume ?? config.resume, flags.out ?? config.out];
  const learnsFromText = task === undefined ? resume === true && out !== undefined && isTextRun(out) : textTasks.names.includes(task);
  if (learnsFromText) return (await import('./run-train-text.ts')).runTrainText(flags, options);
  if (task !== undefined && !tasks.names.includes(task))
    throw new SelfsupError('SELFSUP_OPTION', `unknown task '${task}'; known: ${[...tasks.names, ...textTasks.names].join(', ')}`);
  return (await import('./run-train-images.ts')).runTrainImages(flags, options);
}

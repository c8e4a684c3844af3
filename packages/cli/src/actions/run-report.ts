import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printable, SelfsupError } from '@selfsup/core';
import { reportRun } from '@selfsup/pretrain';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { chooseBackend } from './choose-backend.ts';
import { classifierReports, fineTunedSections } from './fine-tuned.ts';
import { findRun, readCheckpoint } from './open-run.ts';
import { writeReport } from './write-report.ts';

/**
 * `selfsup report`: writes report.html of a run again, or of one that is not finished.
 *
 * @param flags the folder of the run
 * @param output where to report
 * @returns the exit code
 */
export async function runReport(flags: RunFlags, output: Output): Promise<number> {
  const found = await findRun(flags);
  const { store, registry, file } = found;
  await readCheckpoint(found); // says so where there is none yet
  if (!registry.tasks.has(file.settings.task))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the task ${printable(file.settings.task)} of this run is not here; nothing that a run's file names is loaded by itself, so add: --plugin <file or package>`,
    );
  await chooseBackend(flags, registry);
  const more = [...(await fineTunedSections(store)), ...(await classifierReports(flags.run))];
  const report = await writeReport(store, await reportRun(store, { registry, more, progress: output }));
  output.line(`Report: ${pathToFileURL(resolve(report)).href}`);
  output.event('result', { command: 'report', run: flags.run, report });
  return 0;
}

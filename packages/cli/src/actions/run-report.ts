import { printable, SelfsupError } from '@selfsup/core';
import { parseMetrics, parseRunResult, readText, reportOfRun, runFileNames, type RunResult, type RunStore } from '@selfsup/pretrain';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { fineTunedSections } from './fine-tuned.ts';
import { openRun } from './open-run.ts';
import { writeReport } from './write-report.ts';

async function readResult(store: RunStore): Promise<RunResult> {
  const text = await readText(store, runFileNames.result);
  const shown = printable(store.name);
  if (text === undefined)
    throw new SelfsupError(
      'SELFSUP_STATE',
      `${shown} is not finished (there is no ${runFileNames.result}); finish it with: selfsup train --resume --out ${shown}`,
    );
  return parseRunResult(text, `${shown}/${runFileNames.result}`);
}

/**
 * `selfsup report`: writes report.html of a run again.
 *
 * @param flags the folder of the run
 * @param output where to report
 * @returns the exit code
 */
export async function runReport(flags: RunFlags, output: Output): Promise<number> {
  const { store, registry, encoder } = await openRun(flags, output);
  try {
    const result = await readResult(store);
    const records = parseMetrics((await readText(store, runFileNames.metrics)) ?? '', {
      name: `${printable(store.name)}/${runFileNames.metrics}`,
      until: result.metrics,
    });
    const more = await fineTunedSections(store, output);
    const report = await writeReport(store, await reportOfRun(encoder, { registry, result, records, more, progress: output }));
    output.line(`Report: ${pathToFileURL(resolve(report)).href}`);
    output.event('result', { command: 'report', run: flags.run, report });
    return 0;
  } finally {
    encoder.dispose();
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { encodeImages } from '../encode-images.ts';
import { createKnnProbe } from '../knn-probe.ts';
import { openDataForRun } from '../open-data-for-run.ts';
import { openRun } from '../open-run.ts';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { collectReport } from '../report/collect-report.ts';
import { renderReport } from '../report/render-report.ts';
import type { RunResult } from '../run-result.ts';
import { isTextRun } from '../text/text-run-file.ts';

/** The flags of `selfsup report`. */
export type ReportFlags = Pick<SessionOptions, 'backend'> & { run: string };

/**
 * `selfsup report`: writes report.html of a finished run again.
 *
 * @param flags see {@link ReportFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runReport(flags: ReportFlags, output: Output): Promise<number> {
  if (isTextRun(flags.run)) return (await import('./run-report-text.ts')).runReportText(flags, output);
  await selectBackend({ prefer: flags.backend ?? 'auto' });
  const { file, folder, encoder } = await openRun(flags.run);
  try {
    const resultFile = join(folder.path, 'result.json');
    if (!existsSync(resultFile))
      throw new SelfsupError(
        'SELFSUP_STATE',
        `${folder.path} is not finished (there is no result.json); finish it with: selfsup train --resume --out ${folder.path}`,
      );
    const result = JSON.parse(readFileSync(resultFile, 'utf8')) as RunResult;
    const data = await openDataForRun(file, {}, output);
    const probe = createKnnProbe(data, { settings: file.settings, output });
    const { mean, std } = data;
    const bank = {
      dataset: probe.bank,
      features: await encodeImages(encoder, probe.bank, { mean, std, output, stage: 'Encoding training images' }),
    };
    const test = probe.test && {
      dataset: probe.test,
      features: await encodeImages(encoder, probe.test, { mean, std, output, stage: 'Encoding test images' }),
    };
    await folder.writeReport(
      await renderReport(await collectReport({ run: file, metrics: folder.readMetrics(), result, bank, test, output })),
    );
    output.line(`Report: ${pathToFileURL(resolve(folder.report)).href}`);
    output.event('result', { command: 'report', run: folder.path, report: folder.report });
    return 0;
  } finally {
    encoder.dispose();
  }
}

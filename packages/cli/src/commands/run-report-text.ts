import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { isSelfsupError, SelfsupError } from '@selfsup/core';
import type { TokenDataset } from '@selfsup/data/text';
import type { Output } from '../output/output.ts';
import { writeTextReport } from '../report/write-text-report.ts';
import { runFolder } from '../run-folder.ts';
import { openText } from '../text/open-text.ts';
import { readRunTokenizer } from '../text/open-text-run.ts';
import { assertSameText } from '../text/plan-text-run.ts';
import { readTextRunFile, type TextRunFile } from '../text/text-run-file.ts';
import type { TextRunResult } from '../text/text-run-result.ts';
import type { ReportFlags } from './run-report.ts';

/** The held-out text of a run, where it is still there and the same. */
async function openHeldOut(path: string, file: TextRunFile, output: Output): Promise<TokenDataset | undefined> {
  const tokenizer = await readRunTokenizer(path, file);
  try {
    const text = await openText(file.settings, { output, tokenizer });
    assertSameText(file, text);
    return text.validation;
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    output.warn(`selfsup: the report shows no guessed words: ${error.message}`);
    return undefined;
  }
}

/**
 * `selfsup report` of a run on text.
 *
 * @param flags see {@link ReportFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runReportText(flags: ReportFlags, output: Output): Promise<number> {
  const file = readTextRunFile(flags.run);
  const folder = runFolder(flags.run);
  const resultFile = join(folder.path, 'result.json');
  if (!existsSync(resultFile))
    throw new SelfsupError(
      'SELFSUP_STATE',
      `${folder.path} is not finished (there is no result.json); finish it with: selfsup train --resume --out ${folder.path}`,
    );
  const result = JSON.parse(readFileSync(resultFile, 'utf8')) as TextRunResult;
  await selectBackend({ prefer: flags.backend ?? 'auto' });
  const heldOut = await openHeldOut(flags.run, file, output);
  await writeTextReport(flags.run, { result, heldOut, output });
  output.event('result', { command: 'report', run: folder.path, report: folder.report });
  return 0;
}

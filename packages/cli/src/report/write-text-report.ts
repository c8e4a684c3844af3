import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readCheckpoint } from '@selfsup/trainer';
import type { TokenDataset } from '@selfsup/data/text';
import type { Output } from '../output/output.ts';
import { fillInExamples } from '../text/fill-in-examples.ts';
import { openTextRun } from '../text/open-text-run.ts';
import type { TextRunResult } from '../text/text-run-result.ts';
import { tokenGuesser } from '../text/token-guesser.ts';
import { renderTextReport } from './render-text-report.ts';
import type { FineTuneRecord } from './text-report-data.ts';

/** What {@link writeTextReport} needs beside the folder. */
export interface WriteTextReportOptions {
  result: TextRunResult;
  /** The held-out sequences; without them no words are guessed. */
  heldOut: TokenDataset | undefined;
  output: Output;
}

/**
 * Writes report.html of a run on text from its folder; a backend must be in force.
 *
 * @param path the folder of the run, with its checkpoint
 * @param options see {@link WriteTextReportOptions}
 */
export async function writeTextReport(path: string, options: WriteTextReportOptions): Promise<void> {
  const { result, heldOut, output } = options;
  const opened = await openTextRun(path);
  const { folder, file: run, tokenizer } = opened;
  try {
    const guesser = heldOut && (await tokenGuesser(opened, { tokenizer, bytes: await readCheckpoint(folder.checkpoint) }));
    const examples =
      heldOut && guesser
        ? await fillInExamples({ dataset: heldOut, tokenizer, guesser, seed: run.settings.seed }).finally(() => {
            guesser.dispose();
          })
        : [];
    const fineTuned = (await folder.readFineTuned()) as FineTuneRecord[];
    await folder.writeReport(await renderTextReport({ run, metrics: folder.readMetrics(), result, examples, fineTuned }));
  } finally {
    opened.dispose();
  }
  output.line(`Report: ${pathToFileURL(resolve(folder.report)).href}`);
}

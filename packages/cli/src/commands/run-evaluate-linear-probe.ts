import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { rawPixels, type Encoder } from '../encode-images.ts';
import { DEFAULT_L2, evaluateLinearly, type LinearFinding } from '../linear-evaluation.ts';
import { openDataForRun, type DataChoice } from '../open-data-for-run.ts';
import { openRun, withUntrainedEncoder } from '../open-run.ts';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { readRunFile } from '../run-file.ts';

/** The flags of `selfsup evaluate linear-probe`. */
export type EvaluateLinearProbeFlags = DataChoice &
  Pick<SessionOptions, 'backend'> & { run: string; l2?: string; maxIterations?: number; baselines?: boolean };

function readL2(list: string | undefined): readonly number[] {
  if (list === undefined) return DEFAULT_L2;
  const values = list.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every((value) => value >= 0 && value < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `--l2 must be numbers >= 0 with commas between them, got ${list}`);
  return values;
}

function readIterations(value = 300): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SelfsupError('SELFSUP_OPTION', `--max-iterations must be an integer >= 1, got ${value}`);
  return value;
}

const rounded = (value: number) => Number(value.toFixed(2));

/**
 * `selfsup evaluate linear-probe`: classifies test images by a linear classifier on the encoder's features.
 *
 * @param flags see {@link EvaluateLinearProbeFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runEvaluateLinearProbe(flags: EvaluateLinearProbeFlags, output: Output): Promise<number> {
  const { settings } = readRunFile(flags.run);
  const [l2, maxIterations] = [readL2(flags.l2), readIterations(flags.maxIterations)];
  const backend = await selectBackend({ prefer: flags.backend ?? 'auto' });
  const { file, encoder, step } = await openRun(flags.run);
  try {
    const data = await openDataForRun(file, flags, output);
    const { train, test } = data;
    if (!train.labels || !test?.labels)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${flags.data ?? settings.data} has no labels to learn from; pass --labels <file.idx1>, or data with labels`,
      );
    const measure = (of: Encoder, what: string) =>
      evaluateLinearly(of, { ...data, test }, { l2, maxIterations, seed: settings.seed, output, what });
    const trained = await measure(encoder, 'trained');
    const pixels = flags.baselines ? await measure(rawPixels, 'raw pixels') : undefined;
    const untrained = flags.baselines ? await withUntrainedEncoder(file, (before) => measure(before, 'untrained')) : undefined;
    const say = (what: string, { accuracy, l2: penalty, trainAccuracy }: LinearFinding, more = '') => {
      output.line(`Linear probe ${what}${accuracy.toFixed(2)} %${more} (l2 ${penalty}, training images ${trainAccuracy.toFixed(2)} %)`);
    };
    say('', trained, ` of ${test.length} test images`);
    if (pixels) say('of the raw pixels ', pixels);
    if (untrained) say('of the untrained encoder ', untrained);
    if (!trained.converged && trained.l2 > 0)
      output.warn(`the classifier was still improving after ${maxIterations} steps; raise --max-iterations`);
    output.event('result', {
      command: 'evaluate linear-probe',
      run: flags.run,
      dataset: train.name,
      backend: backend.name,
      steps: step,
      trainImages: train.length,
      testImages: test.length,
      l2: trained.l2,
      linearTrained: rounded(trained.accuracy),
      linearTrainedOnTraining: rounded(trained.trainAccuracy),
      linearRawPixels: pixels && rounded(pixels.accuracy),
      l2RawPixels: pixels?.l2,
      linearUntrained: untrained && rounded(untrained.accuracy),
      l2Untrained: untrained?.l2,
      converged: trained.converged,
      skipped: data.skipped(),
    });
    return 0;
  } finally {
    encoder.dispose();
  }
}

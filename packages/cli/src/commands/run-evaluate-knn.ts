import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { rawPixels, type Encoder } from '../encode-images.ts';
import { createKnnProbe } from '../knn-probe.ts';
import { openDataForRun, type DataChoice } from '../open-data-for-run.ts';
import { openRun, withUntrainedEncoder } from '../open-run.ts';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { readRunFile } from '../run-file.ts';

/** The flags of `selfsup evaluate knn`. */
export type EvaluateKnnFlags = DataChoice &
  Pick<SessionOptions, 'backend'> & { run: string; k?: number; temperature?: number; rawPixels?: boolean; baselines?: boolean };

function positive(flag: string, value: number, integer: boolean): number {
  if (!(value > 0) || (integer && !Number.isSafeInteger(value)))
    throw new SelfsupError('SELFSUP_OPTION', `${flag} must be ${integer ? 'an integer >= 1' : 'a number > 0'}, got ${value}`);
  return value;
}

/**
 * `selfsup evaluate knn`: classifies test images by the nearest training images in the encoder's features.
 *
 * @param flags see {@link EvaluateKnnFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runEvaluateKnn(flags: EvaluateKnnFlags, output: Output): Promise<number> {
  const { settings } = readRunFile(flags.run);
  const knnK = positive('--k', flags.k ?? settings.knnK, true);
  const knnTemperature = positive('--temperature', flags.temperature ?? settings.knnTemperature, false);
  const backend = await selectBackend({ prefer: flags.backend ?? 'auto' });
  const { file, encoder, step } = await openRun(flags.run);
  try {
    const data = await openDataForRun(file, flags, output);
    const probe = createKnnProbe(data, { settings: { ...settings, knnK, knnTemperature }, output });
    if (!probe.hasLabels)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${flags.data ?? settings.data} has no labels to compare with; pass --labels <file.idx1>, or data with labels`,
      );
    const accuracy = async (of: Encoder, what: string) => Number((await probe.measure(of, what)).accuracy!.toFixed(2));
    const knnTrained = await accuracy(encoder, 'trained');
    const knnRawPixels = flags.rawPixels || flags.baselines ? await accuracy(rawPixels, 'raw pixels') : undefined;
    const knnUntrained = flags.baselines ? await withUntrainedEncoder(file, (untrained) => accuracy(untrained, 'untrained')) : undefined;
    output.line(
      `kNN ${knnTrained.toFixed(2)} % of ${data.test!.length} test images (${probe.bank.length} training images, k ${knnK}, temperature ${knnTemperature})`,
    );
    if (knnRawPixels !== undefined) output.line(`kNN of the raw pixels ${knnRawPixels.toFixed(2)} %`);
    if (knnUntrained !== undefined) output.line(`kNN of the untrained encoder ${knnUntrained.toFixed(2)} %`);
    output.event('result', {
      command: 'evaluate knn',
      run: flags.run,
      dataset: data.train.name,
      backend: backend.name,
      steps: step,
      trainImages: probe.bank.length,
      testImages: data.test!.length,
      k: knnK,
      temperature: knnTemperature,
      knnTrained,
      knnRawPixels,
      knnUntrained,
      skipped: data.skipped(),
    });
    return 0;
  } finally {
    encoder.dispose();
  }
}

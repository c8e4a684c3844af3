import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { openTextRun } from '../text/open-text-run.ts';
import { predictMask } from '../text/predict-mask.ts';

/** The flags of `selfsup predict-mask`. */
export type PredictMaskFlags = Pick<SessionOptions, 'backend'> & { run: string; top?: number };

/**
 * `selfsup predict-mask`: prints the words that a run expects at the masks of a text.
 *
 * @param text with at least one mask
 * @param flags see {@link PredictMaskFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runPredictMask(text: string, flags: PredictMaskFlags, output: Output): Promise<number> {
  const { top = 5 } = flags;
  if (!Number.isSafeInteger(top) || top < 1) throw new SelfsupError('SELFSUP_OPTION', `--top must be an integer >= 1, got ${top}`);
  await selectBackend({ prefer: flags.backend ?? 'auto' });
  const opened = await openTextRun(flags.run);
  const { encoder, head, file, tokenizer, step } = opened;
  try {
    if (!head)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${flags.run} learned ${file.settings.task}; only runs of masked-language have a head that guesses masked words`,
      );
    const maxLength = Math.max(512, file.settings.length);
    const guesses = predictMask(text, { encoder, head, tokenizer, maxLength, top });
    guesses.forEach((words, i) => {
      if (guesses.length > 1) output.line(`${i === 0 ? '' : '\n'}[MASK] ${i + 1}`);
      for (const { token, probability } of words) output.line(`  ${(100 * probability).toFixed(2).padStart(6)} %  ${token}`);
    });
    output.event('result', { command: 'predict-mask', run: flags.run, steps: step, text, guesses });
    return 0;
  } finally {
    opened.dispose();
  }
}

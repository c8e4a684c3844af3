import { printable } from '@selfsup/core';
import { openFillMask } from '@selfsup/pretrain';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { chooseBackend } from './choose-backend.ts';
import { findRun, readCheckpoint } from './open-run.ts';

/** The flags of `selfsup predict-mask`. */
export type PredictMaskFlags = RunFlags & { readonly top?: number };

/**
 * `selfsup predict-mask`: prints the words that a run expects at the masks of a text.
 *
 * @param text with at least one mask
 * @param flags see {@link PredictMaskFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runPredictMask(text: string, flags: PredictMaskFlags, output: Output): Promise<number> {
  const found = await findRun(flags);
  const { checkpoint, files } = await readCheckpoint(found);
  await chooseBackend(flags, found.registry);
  const model = await openFillMask({ run: found.file, checkpoint, files });
  try {
    const { top } = flags;
    const guesses = await model.fill(text, top === undefined ? {} : { top });
    guesses.forEach((words, i) => {
      if (guesses.length > 1) output.line(`${i === 0 ? '' : '\n'}[MASK] ${i + 1}`);
      for (const { token, probability } of words) output.line(`  ${(100 * probability).toFixed(2).padStart(6)} %  ${printable(token)}`);
    });
    output.event('result', { command: 'predict-mask', run: flags.run, steps: model.step, text, guesses });
    return 0;
  } finally {
    model.dispose();
  }
}

import { SelfsupError } from '@selfsup/core';
import type { TextTaskParts } from '../text-task.ts';

/** The greatest part of the training sequences that may have fewer than two tokens where a task takes sequences apart. */
export const MOST_SHORT = 0.5;

/**
 * Refuses texts most of which have fewer than two tokens, for a task that takes texts apart. Internal.
 *
 * @param does the task and what it does, such as `declutr tells halves of texts apart`
 * @throws SelfsupError `SELFSUP_DATA`
 */
export function assertLongEnough(does: string, { shortShare }: Pick<TextTaskParts, 'shortShare'>): void {
  if (shortShare > MOST_SHORT)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${does}, and ${Math.floor(100 * shortShare)} % of the training sequences have fewer than two tokens; give longer texts, or another task such as masked-language`,
    );
}

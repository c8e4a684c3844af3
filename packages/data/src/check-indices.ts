import { SelfsupError } from '@selfsup/core';

/** Checks that every index names one of `length` images; `who` is the caller's name for the message. */
export function checkIndices(who: string, indices: ArrayLike<number>, length: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= length)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${who}: \`indices[${i}]\` must be an integer from 0 to ${length - 1} (there are ${length} images), got ${index}`,
      );
  }
}

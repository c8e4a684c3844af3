import { printable, SelfsupError } from '@selfsup/core';

/** Checks that every index names one of `length` rows; `who` is the caller's name for the message, `unit` what the rows are. */
export function checkIndices(who: string, indices: ArrayLike<number>, of: number | { length: number; unit: string }): void {
  const { length, unit } = typeof of === 'number' ? { length: of, unit: 'images' } : of;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= length)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${printable(who)}: \`indices[${i}]\` must be an integer from 0 to ${length - 1} (there are ${length} ${unit}), got ${index}`,
      );
  }
}

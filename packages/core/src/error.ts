/**
 * The closed set of reasons for which selfsup fails; stable across releases.
 *
 * `SELFSUP_SHAPE` a tensor's shape or rank · `SELFSUP_DTYPE` its dtype · `SELFSUP_OPTION` an option out of range ·
 * `SELFSUP_BATCH` a batch without what the task needs · `SELFSUP_STATE` a call in the wrong order ·
 * `SELFSUP_DATA` unreadable or unsuitable data · `SELFSUP_CHECKPOINT` a checkpoint that does not fit ·
 * `SELFSUP_PLUGIN_API` a task of another contract version · `SELFSUP_NON_FINITE` a loss or gradient that is not finite ·
 * `SELFSUP_BACKEND` a backend that is missing or computes wrongly · `SELFSUP_MEMORY` no memory left ·
 * `SELFSUP_COLLECTIVE` ranks that disagree.
 */
export type SelfsupErrorCode =
  | 'SELFSUP_SHAPE'
  | 'SELFSUP_DTYPE'
  | 'SELFSUP_OPTION'
  | 'SELFSUP_BATCH'
  | 'SELFSUP_STATE'
  | 'SELFSUP_DATA'
  | 'SELFSUP_CHECKPOINT'
  | 'SELFSUP_PLUGIN_API'
  | 'SELFSUP_NON_FINITE'
  | 'SELFSUP_BACKEND'
  | 'SELFSUP_MEMORY'
  | 'SELFSUP_COLLECTIVE';

const brand = Symbol.for('selfsup.error');

/**
 * The error that every selfsup package throws: a stable `code` and a message that says who, which argument, what was expected and what came.
 *
 * @remarks Recognize it with {@link isSelfsupError}, not with `instanceof`: two installed copies of this package do no harm then.
 * @example
 * ```ts
 * import { SelfsupError } from '@selfsup/core';
 * const error = new SelfsupError('SELFSUP_OPTION', 'ntXent: `temperature` must be > 0, got 0');
 * console.log(error.code);
 * ```
 */
export class SelfsupError extends Error {
  /** The reason, from a closed set. */
  readonly code: SelfsupErrorCode;

  /**
   * @param code the reason, from a closed set
   * @param message who, which argument, expected, got; then what to do
   * @param options `cause`: the foreign error that this one wraps
   */
  constructor(code: SelfsupErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SelfsupError';
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Tells whether a value is a {@link SelfsupError}, also one from another installed copy of the package.
 *
 * @param error anything that was caught
 * @returns true for a SelfsupError of whatever copy
 */
export function isSelfsupError(error: unknown): error is SelfsupError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The stable codes of the errors that this package throws. */
export type SelfsupErrorCode = 'SELFSUP_BACKEND' | 'SELFSUP_MEMORY' | 'SELFSUP_OPTION' | 'SELFSUP_SHAPE';

const BRAND: unique symbol = Symbol.for('selfsup.error');

/**
 * An error of the kernels, with a stable `code`.
 *
 * @remarks It carries the same `Symbol.for('selfsup.error')` brand as the errors of `@selfsup/core`, so `isSelfsupError` of that package
 * recognizes it although this package depends on TensorFlow.js alone.
 * @example
 * ```ts
 * import { SelfsupError } from '@selfsup/wasm-kernels';
 *
 * const error = new SelfsupError('SELFSUP_MEMORY', 'out of memory');
 * console.log(error.code);
 * ```
 */
export class SelfsupError extends Error {
  /** What went wrong, for programs. */
  readonly code: SelfsupErrorCode;
  /** The brand that all errors of selfsup share. */
  readonly [BRAND] = true;

  constructor(code: SelfsupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SelfsupError';
    this.code = code;
  }
}

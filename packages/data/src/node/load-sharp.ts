import { SelfsupError } from '@selfsup/core';
import { systemReason } from './system-reason.ts';

type Sharp = (typeof import('sharp'))['default'];

/**
 * Makes the function that loads sharp when the first photo is decoded: it is an optional peer, and not needed for anything else.
 *
 * @param load imports it
 * @returns a function that gives sharp, loaded once, and throws SelfsupError `SELFSUP_DATA` when it is not there; it is tried again then
 */
export function createSharpLoader(load: () => Promise<{ default: Sharp }>): () => Promise<Sharp> {
  let loading: Promise<Sharp> | undefined;
  return () => {
    loading ??= load().then(
      (module) => module.default,
      (cause: unknown) => {
        loading = undefined;
        const isMissing = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((cause as { code?: unknown }).code));
        const what = isMissing ? 'which is not installed' : `which could not be loaded: ${systemReason(cause)}`;
        const message = `decodeImage: pictures are decoded by \`sharp\`, ${what}; install it with \`npm install sharp@0.35\``;
        throw new SelfsupError('SELFSUP_DATA', message, { cause });
      },
    );
    return loading;
  };
}

/** Loads sharp; see {@link createSharpLoader}. */
export const loadSharp = createSharpLoader(() => import('sharp'));

import { SelfsupError } from '@selfsup/core';

type Sharp = (typeof import('sharp'))['default'];

let loading: Promise<Sharp> | undefined;

/** Loads sharp when the first photo is decoded: its binary is not needed for anything else. */
export function loadSharp(): Promise<Sharp> {
  loading ??= import('sharp').then(
    (module) => module.default,
    (cause: unknown) => {
      loading = undefined;
      throw new SelfsupError('SELFSUP_DATA', 'decodeImage: `sharp` could not be loaded; install it with `npm install sharp`', { cause });
    },
  );
  return loading;
}

import { SelfsupError } from '@selfsup/core';

/**
 * SHA-256 in hexadecimal, in Node and in the browser. Internal.
 *
 * @throws SelfsupError `SELFSUP_STATE` where there is no crypto.subtle: on a page that is not served over https or from localhost
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { crypto } = globalThis as { crypto?: { subtle?: SubtleCrypto } };
  if (!crypto?.subtle)
    throw new SelfsupError(
      'SELFSUP_STATE',
      'checkpoints need crypto.subtle to be written and checked, which browsers give to pages from https and localhost only; serve the page from there',
    );
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes); // shared memory is refused
  const digest = await crypto.subtle.digest('SHA-256', own);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

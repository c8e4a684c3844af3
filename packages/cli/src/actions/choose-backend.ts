import { selectBackend, type SelectedBackend } from '@selfsup/backends';
import type { BackendFlags } from '../flags/common-flags.ts';

/**
 * Makes the backend of a command current: the fastest unless a flag says otherwise, with all cores and the widest vectors that prove themselves.
 *
 * @param flags see {@link BackendFlags}
 * @returns the backend in force
 * @throws SelfsupError `SELFSUP_OPTION` on a value that cannot be, `SELFSUP_BACKEND` where the backend asked for does not work
 */
export function chooseBackend({ backend = 'auto', threads = 'auto', wideVectors = 'auto' }: BackendFlags): Promise<SelectedBackend> {
  return selectBackend({ prefer: backend, threads, wideVectors });
}

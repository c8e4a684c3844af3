import { assertBackendName, builtinBackends, selectBackend, type SelectedBackend } from '@selfsup/backends';
import type { Registry } from '@selfsup/pretrain';
import type { BackendFlags } from '../flags/common-flags.ts';

/**
 * Makes the backend of a command current: the fastest unless a flag says otherwise, with all cores and the widest vectors that prove themselves.
 *
 * @param flags see {@link BackendFlags}
 * @param registry what backends there are; default those of selfsup
 * @returns the backend in force
 * @throws SelfsupError `SELFSUP_OPTION` on a value that cannot be, `SELFSUP_BACKEND` where the backend asked for does not work
 */
export async function chooseBackend(flags: BackendFlags, registry?: Pick<Registry, 'backends'>): Promise<SelectedBackend> {
  const { backend = 'auto', threads = 'auto', wideVectors = 'auto' } = flags;
  const backends = registry?.backends.all ?? builtinBackends;
  assertBackendName(backend, backends, '--backend');
  return selectBackend({ prefer: backend, threads, wideVectors, backends });
}

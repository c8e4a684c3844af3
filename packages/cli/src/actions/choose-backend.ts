import { builtinBackends, selectBackend, type SelectedBackend } from '@selfsup/backends';
import { printable, SelfsupError } from '@selfsup/core';
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
export function chooseBackend(flags: BackendFlags, registry?: Pick<Registry, 'backends'>): Promise<SelectedBackend> {
  const { backend = 'auto', threads = 'auto', wideVectors = 'auto' } = flags;
  const backends = registry?.backends.all ?? builtinBackends;
  const names = ['auto', ...backends.map(({ name }) => name)];
  if (!names.includes(backend))
    throw new SelfsupError('SELFSUP_OPTION', `--backend must be one of ${names.join(', ')}, got ${printable(backend, { maxLength: 60 })}`);
  return selectBackend({ prefer: backend, threads, wideVectors, backends });
}

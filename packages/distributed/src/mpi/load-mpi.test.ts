import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadMpi } from './load-mpi.ts';

const library = ['/lib/x86_64-linux-gnu/libm.so.6', '/lib/aarch64-linux-gnu/libm.so.6', '/lib64/libm.so.6'].find((file) =>
  existsSync(file),
);

it.skipIf(library === undefined)('refuses a library of something else', async () => {
  await expect(loadMpi(undefined, library)).rejects.toMatchObject({
    code: 'SELFSUP_COLLECTIVE',
    message: `${library} is not a library of MPI 3 or later: it has no MPI_Get_library_version; name the file in MPI_LIBRARY, such as libmpi.so.40`,
  });
});

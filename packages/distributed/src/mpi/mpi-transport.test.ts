import '@tensorflow/tfjs-backend-cpu';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { expectFindings } from '../../fixtures/expect-findings.ts';
import type { Findings } from '../../fixtures/rank-program.ts';

const program = fileURLToPath(new URL('../../fixtures/mpi-rank.ts', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-mpi-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** The launchers of this machine; a machine without MPI skips what needs one. */
const launchers: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['Open MPI', 'mpirun.openmpi', ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none']],
  ['MPICH', 'mpirun.mpich', []],
];
const isThere = (command: string) => spawnSync(command, ['--version']).status === 0;

function run([, command, args]: (typeof launchers)[number], worldSize: number, what: string) {
  const folder = mkdtempSync(join(scratch, 'job-'));
  const rank = [process.execPath, '--conditions=@selfsup/source', program, what, folder];
  const { status, stderr } = spawnSync(command, [...args, '-n', String(worldSize), ...rank], { encoding: 'utf8', timeout: 60_000 });
  const findings = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Findings);
  return { status, stderr, findings };
}

describe.skipIf(!process.features.typescript).each(launchers)('the transport of %s', (name, command, args) => {
  const launcher = [name, command, args] as const;

  it.skipIf(!isThere(command)).each([1, 3])(
    '%d ranks see the numbers of all, to the bit, and gradients through what they gather',
    (worldSize) => {
      const { status, stderr, findings } = run(launcher, worldSize, 'program');
      expect([status, stderr.includes('Error')]).toEqual([0, false]);
      expectFindings(findings, worldSize);
    },
  );

  it.skipIf(!isThere(command))('a rank that leaves without `close` ends the job', () => {
    const { status, findings } = run(launcher, 2, 'leave');
    expect(status).not.toBe(0);
    expect(findings).toEqual([]);
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepalive, launchMpi } from './launch-mpi.ts';
import { holdLifeline, openLifelines } from './lifelines.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-launch-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(process.platform === 'win32')('openLifelines', () => {
  it('hears of ranks that end without a farewell, and of no others', async () => {
    let lost = 0;
    const lifelines = await openLifelines(() => lost++);
    try {
      const [path] = Object.values(lifelines.environment);
      const farewell = await holdLifeline(path);
      await farewell();
      await setTimeout(20);
      expect(lost).toBe(0);
      connect(path!, function (this: ReturnType<typeof connect>) {
        this.destroy(); // as the system does when a process ends
      });
      await vi.waitFor(() => {
        expect(lost).toBe(1);
      });
    } finally {
      lifelines.close();
    }
  });

  it('is not missed on another machine', async () => {
    const farewell = await holdLifeline(join(root, 'not-here'));
    await farewell();
  });
});

describe('keepalive', () => {
  it('finds a machine lost in half the time that ranks wait, and leaves long times to Open MPI', () => {
    expect(keepalive(300)).toEqual({
      OMPI_MCA_oob_tcp_keepalive_time: '75',
      OMPI_MCA_oob_tcp_keepalive_intvl: '25',
      OMPI_MCA_oob_tcp_keepalive_probes: '3',
      PRTE_MCA_oob_tcp_keepalive_time: '75',
      PRTE_MCA_oob_tcp_keepalive_intvl: '25',
      PRTE_MCA_oob_tcp_keepalive_probes: '3',
    });
    expect(keepalive(1800)).toEqual({});
  });
});

describe.skipIf(process.platform === 'win32')('launchMpi', () => {
  const options = { argv: [], ranks: 1, rankTimeout: 1800, signal: new AbortController().signal };

  beforeAll(() => {
    // runs one rank as a launcher does, and stays however that ends
    writeFileSync(join(root, 'stays'), '#!/bin/sh\nshift 2\n"$@"\nexec sleep 600\n');
    writeFileSync(join(root, 'runs'), '#!/bin/sh\nshift 2\nexec "$@"\n');
    for (const name of ['stays', 'runs']) chmodSync(join(root, name), 0o755);
    const rank = `require('node:net').connect(process.env.SELFSUP_LIFELINE, function () { this.end(process.pid + '\\n' + process.argv.slice(2).join()); })`;
    writeFileSync(join(root, 'rank.cjs'), rank);
  });
  const script = pathToFileURL(join(root, 'rank.cjs'));

  it('ends a launcher that stays when a rank was lost', async () => {
    vi.stubEnv('MPIRUN', join(root, 'stays'));
    await expect(launchMpi({ ...options, script, graceSeconds: 0.05 })).rejects.toThrow(
      /a rank was lost, and .*stays did not end within 0\.05 seconds/,
    );
  });

  it('leaves alone what ends in good order', async () => {
    vi.stubEnv('MPIRUN', join(root, 'runs'));
    expect(await launchMpi({ ...options, script, argv: ['farewell'], graceSeconds: 0 })).toBe(0);
  });
});

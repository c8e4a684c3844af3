import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { checkRankFlags } from '../flags/rank-flags.ts';
import { silentOutput } from '../output/silent-output.ts';
import { checkBatch, codeBeforeBegin, launchRanks } from './launch-ranks.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-launch-ranks-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('flags of ranks', () => {
  it('that contradict each other are refused before a rank is started', () => {
    expect(() => {
      checkRankFlags({ ranks: 2, distributed: 'off' });
    }).toThrow('--distributed off runs a single process, and --ranks asks for 2; leave one of them out');
    expect(() => {
      checkBatch({ batchSize: 16 }, { ranks: 100 });
    }).toThrow('--ranks must be at most --batch-size, since ranks share each batch, got 100 ranks for a batch of 16');
    checkRankFlags({ ranks: 1, distributed: 'off' });
    checkBatch({ batchSize: 16 }, { ranks: 16 });
    checkBatch({}, { ranks: 16 });
  });
});

describe.skipIf(process.platform === 'win32')('a job that fails', () => {
  /** Starts a job by a launcher that ends with one exit code after the other; says how it was called. */
  const launch = async (name: string, codes: readonly number[], argv: readonly string[]) => {
    const [program, calls] = [join(root, name), join(root, `${name}.calls`)];
    writeFileSync(calls, '');
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$*" >> '${calls}'\nset -- ${codes.join(' ')}\nshift $(($(wc -l < '${calls}') - 1))\nexit $1\n`,
    );
    chmodSync(program, 0o755);
    vi.stubEnv('MPIRUN', program);
    const flags = { ranks: 2, distributed: 'mpi', maxRestarts: 2 } as const;
    const code = await launchRanks({ argv, flags, output: silentOutput, restSeconds: 0 });
    const called = readFileSync(calls, 'utf8').trim().split('\n');
    return {
      code,
      resumed: called.map((line) => line.endsWith('--resume')),
      overwrites: called.map((line) => line.includes('--overwrite')),
    };
  };

  it('goes on from its checkpoint', async () => {
    expect(await launch('later', [1, 137, 0], ['train', '--overwrite'])).toEqual({
      code: 0,
      resumed: [false, true, true],
      overwrites: [true, false, false],
    });
  });

  it('before the run has begun starts as it did first: a run that is there is not its own', async () => {
    expect(await launch('early', [75, 75, 75], ['train', '--overwrite'])).toEqual({
      code: 1,
      resumed: [false, false, false],
      overwrites: [true, true, true],
    });
  });

  it('by its settings is not started again', async () => {
    expect(await launch('refused', [64], ['train'])).toEqual({ code: 1, resumed: [false], overwrites: [false] });
  });

  it('tells its launcher why, and only a launcher', () => {
    const [refusal, loss] = [new SelfsupError('SELFSUP_OPTION', 'a'), new Error('b')];
    expect(codeBeforeBegin(refusal)).toBeUndefined();
    vi.stubEnv('SELFSUP_LIFELINE', join(root, 'socket'));
    expect([refusal, loss].map(codeBeforeBegin)).toEqual([64, 75]);
  });
});

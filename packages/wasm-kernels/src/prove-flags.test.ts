import { describe, expect, it } from 'vitest';
import { compileKernels, supportedSimd } from './load-kernels.ts';
import { proveTurboshaft } from './prove-turboshaft.ts';
import { proveWideVectors } from './prove-wide.ts';
import { trial } from './race-builds.ts';

const major = Number.parseInt(process.versions.node, 10);
const bitsOf = async (build: 'wide' | 'relaxed' | 'plain') => {
  const { run, result } = trial(await compileKernels(build, false));
  run();
  return result();
};

describe('the product that proofs compare', () => {
  it.runIf(supportedSimd() === 'relaxed')(
    'has the same bits in the relaxed and the wide build, and others without fused multiply-add',
    async () => {
      const relaxed = await bitsOf('relaxed');
      expect(await bitsOf('wide')).toEqual(relaxed);
      expect(await bitsOf('plain')).not.toEqual(relaxed);
    },
  );
});

describe('proveTurboshaft', () => {
  it.runIf(major < 22 || major > 23)('leaves versions of Node alone that have nothing to gain', async () => {
    expect(await proveTurboshaft()).toBe('no --turboshaft-wasm: it is for Node 22 and 23');
  });

  it.runIf(major === 22 || major === 23)('gains, or says how little', async () => {
    expect((await proveTurboshaft()) ?? '').toMatch(/^$|^no --turboshaft-wasm: the kernels are [01]\.\d\d times as fast/);
  });
});

describe('proveWideVectors', () => {
  it.runIf(major < 24)('says which Node it needs', async () => {
    expect(await proveWideVectors()).toBe('no 256-bit vectors: they need Node 24 or newer');
  });

  it.runIf(major >= 24 && process.arch === 'x64')('gains, or says how little; asked again it says the same', async () => {
    const answer = await proveWideVectors();
    expect(answer ?? '').toMatch(/^$|^no 256-bit vectors: the wide build is [01]\.\d\d times as fast/);
    expect(await proveWideVectors()).toBe(answer);
  });
});

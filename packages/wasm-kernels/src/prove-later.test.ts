// Kernels that have computed before the flag of a proof is set: V8 must not go on with what it has compiled of them.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import { compileKernels, compileUnder } from './load-kernels.ts';
import { race, trial } from './race-builds.ts';

const major = Number.parseInt(process.versions.node, 10);
const [flag, build] = major >= 24 ? (['experimental-wasm-revectorize', 'wide'] as const) : (['turboshaft-wasm', 'relaxed'] as const);
const gains = major >= 22 && process.arch === 'x64' && process.platform === 'linux' && / avx2 /.test(readFileSync('/proc/cpuinfo', 'utf8'));

it.runIf(gains)('are compiled anew after it', { retry: 2 }, async () => {
  setFlagsFromString(`--no-${flag}`);
  const slow = trial(await compileKernels(build, false));
  race([slow.run], 300);
  setFlagsFromString(`--${flag}`);
  compileUnder(flag);
  try {
    const fast = trial(await compileKernels(build, false));
    race([fast.run], 300);
    const [slowTime, fastTime] = race([slow.run, fast.run], 200);
    expect(slowTime! / fastTime!).toBeGreaterThan(1.2);
    expect(fast.result()).toEqual(slow.result());
  } finally {
    setFlagsFromString(`--no-${flag}`);
    compileUnder();
  }
});

// What is said of V8's newer compiler in Node 22 and 23; other versions are told here that they are one of these.
import { beforeEach, afterAll, expect, it, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';

const proofs = vi.hoisted(() => ({
  proveTurboshaft: vi.fn<() => Promise<string | undefined>>(),
  proveWideVectors: vi.fn(() => Promise.resolve('no 256-bit vectors: they need Node 24 or newer')),
}));
vi.mock(import('@selfsup/wasm-kernels'), async (original) => ({ ...(await original()), ...proofs }));

const HINT = "`wideVectors: 'auto'` may double the speed";
const FAILED = 'no --turboshaft-wasm: the kernels are 1.01 times as fast with it here, at least 1.2 is needed';

/** The description that a process of this Node gives, which has selected nothing yet. */
async function start(node: string, execArgv: readonly string[] = []) {
  vi.resetModules();
  const versions = { ...process.versions, node };
  vi.stubGlobal('process', Object.create(process, { versions: { value: versions }, execArgv: { value: execArgv } }));
  const { wasmSetup } = await import('./wasm-backend.ts');
  return async (wideVectors: 'auto' | false) => (await wasmSetup.setUp({ threads: 1, wideVectors })).description;
}

beforeEach(() => {
  proofs.proveTurboshaft.mockReset();
  return () => vi.unstubAllGlobals();
});
afterAll(async () => {
  await tf.setBackend('cpu');
});

it.each(['22.23.5', '23.1.0'])('leaves the compiler of Node %s alone unless asked, and says so', async (node) => {
  expect(await (await start(node))(false)).toMatch(new RegExp(`training kernels, ${HINT}\\)$`));
  expect(proofs.proveTurboshaft).not.toHaveBeenCalled();
});

it('says why the proof failed, also later', async () => {
  proofs.proveTurboshaft.mockResolvedValue(FAILED);
  const description = await start('22.23.5');
  expect(await description('auto')).toContain(`training kernels, ${FAILED}, no 256-bit vectors: `);
  expect(await description(false)).toMatch(new RegExp(`training kernels, ${FAILED}\\)$`));
});

it('says that the compiler is on, also later', async () => {
  proofs.proveTurboshaft.mockResolvedValue(undefined);
  const description = await start('22.23.5');
  expect(await description('auto')).toContain('training kernels, --turboshaft-wasm, no 256-bit vectors: ');
  expect(await description(false)).toMatch(/training kernels, --turboshaft-wasm\)$/);
});

it('has nothing to say where the process has it, by its version or by its command line', async () => {
  for (const description of [await start('24.1.0'), await start('22.23.5', ['--turboshaft-wasm'])])
    expect(await description(false)).toMatch(/training kernels\)$/);
  expect(await (await start('24.1.0'))('auto')).toMatch(/training kernels, no 256-bit vectors: they need Node 24 or newer\)$/);
  expect(proofs.proveTurboshaft).not.toHaveBeenCalled();
});

import { describe, expect, it } from 'vitest';
import { builds } from '../test/wasm-under-test.ts';
import { markBinary, loadKernels, readKernels, supportedSimd } from './load-kernels.ts';

describe('loadKernels', () => {
  it.each(builds)('links the %s build with a shared memory and computes there', async (simd) => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const { exports: kernels } = await loadKernels(memory, simd);
    const heap = new Float32Array(memory.buffer);
    heap.set([1, 2, 3, 4, 5, 6], 0); // [2, 3]
    heap.set([1, -1, 0, 2, 3, 1], 16); // [3, 2]
    kernels.matmul(0, 64, 128, 2, 2, 3, 0, 0, 0, 0, 4096);
    expect([...heap.subarray(32, 36)]).toEqual([10, 6, 22, 12]);
  });

  it('marks binaries without changing what they do', async () => {
    const binary = await readKernels('plain', false);
    const marked = markBinary(binary, 'a-flag');
    expect(Buffer.from(marked.subarray(binary.length)).toString()).toContain('a-flag');
    expect(WebAssembly.Module.exports(await WebAssembly.compile(marked))).toEqual(
      WebAssembly.Module.exports(await WebAssembly.compile(binary)),
    );
    expect(markBinary(binary, '')).toEqual(binary);
  });

  it('finds relaxed SIMD in this engine if and only if the relaxed build validates', async () => {
    const { readFile } = await import('node:fs/promises');
    const binary = await readFile(new URL('../assets/kernels.relaxed.wasm', import.meta.url));
    expect(supportedSimd() === 'relaxed').toBe(WebAssembly.validate(binary));
  });
});

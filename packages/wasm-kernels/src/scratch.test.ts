import { expect, it } from 'vitest';
import { integer, pick, randomFrom } from '../test/wasm-under-test.ts';
import { loadKernels } from './load-kernels.ts';

const CANARY = 0x7fc0ffee;
const SCRATCH = 24 << 20;

// Tensors below SCRATCH, scratch of exactly the size that the kernels ask for, then a canary that nobody may write.
it('never writes past the scratch space that it asked for', async () => {
  const memory = new WebAssembly.Memory({ initial: 1024 });
  const kernels = await loadKernels(memory, 'plain');
  const words = new Int32Array(memory.buffer);
  const guard = (what: string, bytes: number, run: () => void): void => {
    const end = (SCRATCH + bytes) >> 2;
    words.fill(CANARY, end, end + 4096);
    run();
    expect(
      words.subarray(end, end + 4096).every((word) => word === CANARY),
      what,
    ).toBe(true);
  };
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const [m, n, k] = [integer(random, 1, 200), integer(random, 1, 200), pick(random, [1, 5, 64, 257, 600, 1300])];
    const [transposeA, transposeB] = [integer(random, 0, 1), integer(random, 0, 1)];
    guard(`seed ${seed}: matmul ${m} ${n} ${k} ${transposeA} ${transposeB}`, kernels.matmulScratch(m, n, k, transposeA), () => {
      kernels.matmul(0, 4 << 20, 8 << 20, m, n, k, transposeA, transposeB, 0, 0, SCRATCH);
    });
    const [size, channels, columns] = [integer(random, 1, 12), pick(random, [1, 3, 5, 6, 15, 16, 40, 130]), integer(random, 1, 40)];
    const [window, stride, dilation] = [integer(random, 1, 5), integer(random, 1, 3), integer(random, 1, 2)];
    const reach = (window - 1) * dilation + 1;
    const out = Math.floor((size + 2 * (reach >> 1) - reach) / stride) + 1;
    kernels.setTensors(2, size, size, channels, out, out, columns);
    kernels.setWindow(window, window, stride, stride, reach >> 1, reach >> 1, dilation, dilation);
    const what = `seed ${seed}: conv ${size} ${channels} ${columns} ${window} ${stride} ${dilation}`;
    guard(what, kernels.convRowsScratch(channels, columns), () => {
      kernels.convForward(0, 4 << 20, 8 << 20, 0, 0, SCRATCH);
    });
    guard(`${what} dx`, kernels.convRowsScratch(columns, channels), () => {
      kernels.convInput(0, 4 << 20, 8 << 20, SCRATCH);
    });
    guard(`${what} dw`, kernels.convFilterScratch(), () => {
      kernels.convFilter(0, 4 << 20, 8 << 20, SCRATCH);
    });
    const multiplier = integer(random, 1, 4);
    kernels.setTensors(2, size, size, channels, out, out, channels * multiplier);
    guard(`${what} depthwise, multiplier ${multiplier}`, kernels.depthwiseForwardScratch(), () => {
      kernels.depthwiseForward(0, 4 << 20, 8 << 20, 0, 0, SCRATCH);
    });
    guard(`${what} depthwise dx, multiplier ${multiplier}`, kernels.depthwiseInputScratch(), () => {
      kernels.depthwiseInput(0, 4 << 20, 8 << 20, SCRATCH);
    });
    guard(`${what} depthwise dw, multiplier ${multiplier}`, kernels.depthwiseFilterScratch(), () => {
      kernels.depthwiseFilter(0, 4 << 20, 8 << 20, SCRATCH);
    });
    guard(`${what} batch norm`, kernels.batchNormScratch(channels), () => {
      kernels.batchNorm(0, 4 << 20, 4 << 20, 8 << 20, 12 << 20, 13 << 20, size * size, channels, 1e-5, SCRATCH);
    });
  }
});

import { expect, it } from 'vitest';
import { integer, pick, randomFrom } from '../test/wasm-under-test.ts';
import { loadKernels } from './load-kernels.ts';

const CANARY = 0x7fc0ffee;
const SCRATCH = 24 << 20;

// Tensors below SCRATCH, scratch of exactly the size that the kernels ask for, then a canary that nobody may write.
it('never writes past the scratch space that it asked for', async () => {
  const memory = new WebAssembly.Memory({ initial: 1024 });
  const { exports: kernels } = await loadKernels(memory, 'plain');
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
    const [wide, many] = [pick(random, [4, 16, 20, 36, 96]), pick(random, [4, 12, 16, 40, 100])];
    const pad = integer(random, 0, 2);
    const strided = integer(random, 1, 2);
    const side = Math.floor((size + 4 + 2 * pad - 3) / strided) + 1;
    kernels.setTensors(3, size + 4, size + 4, wide, side, side, many);
    kernels.setWindow(3, 3, strided, strided, pad, pad, 1, 1);
    const winograd = `seed ${seed}: winograd ${size + 4} ${wide} ${many} stride ${strided} pad ${pad}`;
    guard(winograd, kernels.winogradForwardScratch(), () => {
      kernels.winogradForward(0, 4 << 20, 8 << 20, 0, 0, SCRATCH);
    });
    guard(`${winograd} dx`, kernels.winogradInputScratch(), () => {
      kernels.winogradInput(0, 4 << 20, 8 << 20, SCRATCH);
    });
    guard(`${winograd} dw`, kernels.winogradFilterScratch(), () => {
      kernels.winogradFilter(0, 4 << 20, 8 << 20, SCRATCH);
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
    guard(`${what} batch norm`, kernels.batchNormScratch(size * size, channels), () => {
      const [scale, y, mean, variance] = [4 << 20, 8 << 20, 12 << 20, 13 << 20];
      kernels.batchNorm(0, scale, scale, 0, y, mean, variance, size * size, channels, 1e-5, 1, 0, SCRATCH);
      kernels.batchNormGrad(
        0,
        y,
        0,
        mean,
        variance,
        scale,
        scale,
        5 << 20,
        14 << 20,
        15 << 20,
        0,
        size * size,
        channels,
        1e-5,
        0,
        0,
        SCRATCH,
      );
    });
    const groups = channels % 3 === 0 ? 3 : 1;
    guard(`${what} group norm`, kernels.groupNormScratch(2, channels), () => {
      const [scale, y, mean, variance] = [4 << 20, 8 << 20, 12 << 20, 13 << 20];
      kernels.groupNorm(0, scale, scale, y, mean, variance, 2, size * size, channels, groups, 1e-5, SCRATCH);
      kernels.groupNormGrad(0, y, mean, variance, scale, 5 << 20, 14 << 20, 15 << 20, 2, size * size, channels, groups, 1e-5, SCRATCH);
    });
    guard(`${what} sum`, kernels.sumMiddleScratch(columns * 200), () => {
      kernels.sumMiddle(0, 8 << 20, 2, size * 10, columns * 200, 1, SCRATCH);
    });
    guard(`${what} layer norm`, kernels.layerNormScratch(size * size, channels), () => {
      kernels.layerNormGrad(0, 4 << 20, 8 << 20, 9 << 20, 10 << 20, 12 << 20, 13 << 20, 14 << 20, size * size, channels, SCRATCH);
    });
  }
});

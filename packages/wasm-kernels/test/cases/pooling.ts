import { backend_util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

/** Any window, stride and padding, with values whose ties and signs matter. */
function maxPoolGrad(random: Random): KernelCase {
  const shape = [integer(random, 1, 3), integer(random, 1, 10), integer(random, 1, 10), integer(random, 1, 9)];
  const filterSize = [integer(random, 1, 4), integer(random, 1, 4)];
  const strides = [integer(random, 1, 3), integer(random, 1, 3)];
  const fits = filterSize[0]! <= shape[1]! && filterSize[1]! <= shape[2]!;
  const explicit = filterSize.map((size) => [integer(random, 0, size - 1), integer(random, 0, size - 1)]);
  const pad = fits ? pick<unknown>(random, ['same', 'valid', [[0, 0], ...explicit, [0, 0]]]) : 'same';
  const dimRoundingMode = Array.isArray(pad) ? 'floor' : undefined;
  const g = backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as 'same',
    dimRoundingMode,
  );
  const input = anyValues(random, shape);
  const kind = pick(random, ['signed', 'nonPositive', 'negative', 'ties', 'zeros', 'masked']);
  for (let i = 0; i < input.values.length; i++) {
    const v = input.values[i]!;
    if (kind === 'nonPositive') input.values[i] = Math.min(v, 0);
    if (kind === 'negative') input.values[i] = -Math.abs(v) - 0.01;
    if (kind === 'ties') input.values[i] = Math.round(v * 2) - 1;
    if (kind === 'zeros') input.values[i] = 0;
    // One finite value in a window is enough; windows of -Infinity alone are left to the kernel.
    if (kind === 'masked') input.values[i] = i % 3 === 0 && random() < 0.5 ? -Infinity : random() < 0.02 ? Infinity : v;
  }
  const dy = anyValues(random, g.outShape);
  const output = { shape: g.outShape, values: new Float32Array(g.outShape.reduce((a, b) => a * b, 1)) };
  const { dx, terms } = scatter64(g, input, dy);
  return {
    inputs: { dy, input, output },
    attrs: { filterSize, strides, pad, dimRoundingMode } as never,
    expected: [dx],
    magnitude: [terms],
    alsoCpu: kind !== 'masked' && !Array.isArray(pad),
  };
}

/** The gradient in float64: the first largest value of each window takes it; a window without one greater than -Infinity passes nothing. */
function scatter64(g: backend_util.Conv2DInfo, input: Values, dy: Values) {
  const dx = new Float64Array(input.values.length);
  const terms = new Float64Array(input.values.length);
  for (let i = 0; i < dy.values.length; i++) {
    const c = i % g.outChannels;
    const ow = Math.floor(i / g.outChannels) % g.outWidth;
    const oh = Math.floor(i / g.outChannels / g.outWidth) % g.outHeight;
    const n = Math.floor(i / g.outChannels / g.outWidth / g.outHeight);
    let best = -Infinity;
    let at = -1;
    for (let wh = 0; wh < g.filterHeight; wh++)
      for (let ww = 0; ww < g.filterWidth; ww++) {
        const h = oh * g.strideHeight - g.padInfo.top + wh;
        const w = ow * g.strideWidth - g.padInfo.left + ww;
        if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
        const place = ((n * g.inHeight + h) * g.inWidth + w) * g.inChannels + c;
        if (input.values[place]! > best) [best, at] = [input.values[place]!, place];
      }
    if (at < 0) continue;
    dx[at]! += dy.values[i]!;
    terms[at]! += Math.abs(dy.values[i]!);
  }
  return { dx, terms };
}

/** Pooling gradients. */
export const poolingCases: readonly CaseMaker[] = [{ title: 'MaxPoolGrad', kernel: 'MaxPoolGrad', make: maxPoolGrad }];

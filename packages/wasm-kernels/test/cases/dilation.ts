import { backend_util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;
type Wanted = 'output' | 'x' | 'filter';

/** The largest sum of a pixel and its weight in each window, or where its gradient goes: to the pixel or to the weight. */
const dilation =
  (wanted: Wanted) =>
  (random: Random): KernelCase => {
    const shape = [integer(random, 1, 2), integer(random, 4, 8), integer(random, 4, 8), integer(random, 1, 4)];
    const window = [integer(random, 1, 3), integer(random, 1, 3), shape[3]!];
    const dilations = pick(random, [1, 1, 2]);
    const fits = window.slice(0, 2).every((size, d) => (size - 1) * dilations + 1 <= shape[d + 1]!);
    const attrs = {
      strides: [integer(random, 1, 2), integer(random, 1, 2)],
      pad: fits ? pick(random, ['same', 'valid']) : 'same',
      dilations: [dilations, dilations],
    };
    const g = backend_util.computeDilation2DInfo(
      shape as never,
      window as never,
      attrs.strides as never,
      attrs.pad as 'same',
      'NHWC',
      attrs.dilations as never,
    );
    const shifted = (values: Values, by: number): Values => ({ ...values, values: values.values.map((v) => v + by) });
    // wholly negative in a third of the cases
    const [x, filter] = [shifted(anyValues(random, shape, [1]), pick(random, [0, 0, -3])), anyValues(random, window, [1])];
    const dy = anyValues(random, g.outShape, [1]);
    const y = new Float64Array(dy.values.length);
    const [dx, dFilter] = [new Float64Array(x.values.length), new Float64Array(filter.values.length)];
    y.forEach((_, o) => {
      const c = o % g.inChannels;
      const ow = Math.floor(o / g.inChannels) % g.outWidth;
      const oh = Math.floor(o / g.inChannels / g.outWidth) % g.outHeight;
      const n = Math.floor(o / g.inChannels / g.outWidth / g.outHeight);
      let [best, pixel, weight] = [-Infinity, 0, 0];
      for (let t = 0; t < g.filterHeight * g.filterWidth; t++) {
        const h = oh * g.strideHeight - g.padInfo.top + Math.floor(t / g.filterWidth) * dilations;
        const w = ow * g.strideWidth - g.padInfo.left + (t % g.filterWidth) * dilations;
        if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
        const [at, by] = [((n * g.inHeight + h) * g.inWidth + w) * g.inChannels + c, t * g.inChannels + c];
        const sum = x.values[at]! + filter.values[by]!;
        if (sum > best) [best, pixel, weight] = [sum, at, by];
      }
      y[o] = best;
      dx[pixel]! += dy.values[o]!;
      dFilter[weight]! += dy.values[o]!;
    });
    const inputs = wanted === 'output' ? { x, filter } : { x, filter, dy };
    return { inputs, attrs: attrs, expected: [{ output: y, x: dx, filter: dFilter }[wanted]], alsoCpu: true };
  };

/** The morphological dilation and its gradients. */
export const dilationCases: readonly CaseMaker[] = [
  { title: 'Dilation2D', kernel: 'Dilation2D', make: dilation('output'), cases: 60 },
  { title: 'Dilation2DBackpropInput', kernel: 'Dilation2DBackpropInput', make: dilation('x'), cases: 60 },
  { title: 'Dilation2DBackpropFilter', kernel: 'Dilation2DBackpropFilter', make: dilation('filter'), cases: 60 },
];

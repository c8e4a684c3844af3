import { backend_util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { absolute, anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;
type Pair = [number, number];
type Shape4 = [number, number, number, number];
type Rounding = 'floor' | 'ceil' | undefined;

/**
 * Any window, stride and padding. A gradient of tfjs does not say how the forward pass rounded the number of outputs: then only the shape of dy
 * tells it.
 */
function pooling(random: Random) {
  const shape = [integer(random, 1, 3), integer(random, 1, 10), integer(random, 1, 10), integer(random, 1, 9)];
  const filterSize = [integer(random, 1, 4), integer(random, 1, 4)];
  const strides = [integer(random, 1, 3), integer(random, 1, 3)];
  const fits = filterSize[0]! <= shape[1]! && filterSize[1]! <= shape[2]!;
  const most = Math.min(...filterSize) - 1;
  const explicit = filterSize.map((size) => [integer(random, 0, size - 1), integer(random, 0, size - 1)]);
  // With a number tfjs takes the height of the window and its stride for both axes.
  const number = filterSize[0]! <= shape[2]! ? integer(random, 0, most) : 'same';
  const pad = fits ? pick<unknown>(random, ['same', 'valid', number, [[0, 0], ...explicit, [0, 0]]]) : 'same';
  const rounding: Rounding = typeof pad === 'string' ? undefined : pick(random, ['floor', 'ceil'] as const);
  const info = backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as 'same',
    rounding,
  );
  const attrs = { filterSize, strides, pad, dimRoundingMode: random() < 0.5 ? rounding : undefined } as never;
  return { shape, info, attrs, plain: typeof pad === 'string' };
}

/** Visits the pixels of every window: an index of the output, the indices of its inputs. */
function windows(g: backend_util.Conv2DInfo, visit: (output: number, inputs: readonly number[]) => void): void {
  let output = 0;
  for (let n = 0; n < g.batchSize; n++)
    for (let oh = 0; oh < g.outHeight; oh++)
      for (let ow = 0; ow < g.outWidth; ow++)
        for (let c = 0; c < g.inChannels; c++) {
          const inputs: number[] = [];
          for (let i = 0; i < g.filterHeight; i++)
            for (let j = 0; j < g.filterWidth; j++) {
              const [h, w] = [oh * g.strideHeight - g.padInfo.top + i, ow * g.strideWidth - g.padInfo.left + j];
              if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
              inputs.push(((n * g.inHeight + h) * g.inWidth + w) * g.inChannels + c);
            }
          visit(output++, inputs);
        }
}

/** The first largest value of each window takes its gradient; a window without one greater than -Infinity passes nothing. */
function maxScatter64(g: backend_util.Conv2DInfo, input: Values, dy: Values): Float64Array {
  const dx = new Float64Array(input.values.length);
  windows(g, (at, inputs) => {
    let best = -1;
    for (const i of inputs) if (input.values[i]! > (best < 0 ? -Infinity : input.values[best]!)) best = i;
    if (best >= 0) dx[best]! += dy.values[at]!;
  });
  return dx;
}

/** Each window's gradient in equal shares for the pixels that it averaged. */
function averageScatter64(g: backend_util.Conv2DInfo, size: number, dy: Values): Float64Array {
  const dx = new Float64Array(size);
  windows(g, (at, inputs) => {
    for (const i of inputs) dx[i]! += dy.values[at]! / inputs.length;
  });
  return dx;
}

/** Values whose ties and signs matter. */
function maxPoolGrad(random: Random): KernelCase {
  const { shape, info, attrs, plain } = pooling(random);
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
  const dy = anyValues(random, info.outShape);
  const output = { shape: info.outShape, values: new Float32Array(dy.values.length) };
  return {
    inputs: { dy, input, output },
    attrs,
    expected: [maxScatter64(info, input, dy)],
    magnitude: [maxScatter64(info, input, absolute(dy))],
    alsoCpu: kind !== 'masked' && plain,
  };
}

/** The stock kernels, the cpu backend's among them, divide by the whole window also where a part of it lies outside the image. */
function avgPoolGrad(random: Random): KernelCase {
  const { shape, info, attrs } = pooling(random);
  const [input, dy] = [anyValues(random, shape), anyValues(random, info.outShape)];
  const size = input.values.length;
  return {
    inputs: { dy, input },
    attrs,
    expected: [averageScatter64(info, size, dy)],
    magnitude: [averageScatter64(info, size, absolute(dy))],
  };
}

/** NaN and −∞ in some windows: a maximum passes NaN over, an average of it is NaN. The forward pass is told how to round. */
function pooled(random: Random): { x: Values; info: backend_util.Conv2DInfo; attrs: KernelCase['attrs'] } {
  const { shape, attrs, plain } = pooling(random);
  const rounded = {
    ...(attrs as { filterSize: Pair; strides: Pair; pad: 'same' }),
    dimRoundingMode: plain ? undefined : ('floor' as const),
  };
  const { filterSize, strides, pad, dimRoundingMode } = rounded;
  const info = backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
  const x = withSpecials(random, anyValues(random, shape), [NaN, -Infinity], pick(random, [0, 0.05, 0.6]));
  return { x, info, attrs: rounded as never };
}

/** tfjs's rule for a window of one pixel. */
const isCopy = (g: backend_util.Conv2DInfo): boolean =>
  g.filterHeight === 1 && g.filterWidth === 1 && g.inShape.join() === g.outShape.join();

function maxPool(random: Random): KernelCase {
  const { x, info, attrs } = pooled(random);
  const y = new Float64Array(info.outShape.reduce((a, b) => a * b, 1));
  windows(info, (at, inputs) => {
    y[at] = inputs.reduce((best, i) => (x.values[i]! > best ? x.values[i]! : best), -Infinity);
  });
  return { inputs: { x }, attrs, expected: [isCopy(info) ? x.values : y], alsoCpu: true };
}

function maxPoolWithArgmax(random: Random): KernelCase {
  const { x, info, attrs } = pooled(random);
  const includeBatchInIndex = random() < 0.5;
  const image = info.inHeight * info.inWidth * info.inChannels;
  const y = new Float64Array(info.outShape.reduce((a, b) => a * b, 1));
  const position = new Float64Array(y.length);
  windows(info, (at, inputs) => {
    const best = inputs.reduce((found, i) => (x.values[i]! > (found < 0 ? -Infinity : x.values[found]!) ? i : found), -1);
    y[at] = best < 0 ? -Infinity : x.values[best]!;
    position[at] = best < 0 || includeBatchInIndex ? best : best % image;
  });
  return { inputs: { x }, attrs: { ...attrs, includeBatchInIndex }, expected: [y, position] };
}

function avgPool(random: Random): KernelCase {
  const { x, info, attrs } = pooled(random);
  const sum = (values: ArrayLike<number>): Float64Array => {
    const y = Float64Array.from(isCopy(info) ? values : new Float64Array(info.outShape.reduce((a, b) => a * b, 1)));
    windows(info, (at, inputs) => {
      if (isCopy(info)) return;
      y[at] = inputs.reduce((total, i) => total + values[i]!, 0) / inputs.length;
    });
    return y;
  };
  return { inputs: { x }, attrs, expected: [sum(x.values)], magnitude: [sum(absolute(x).values)], alsoCpu: true };
}

/** Pooling and its gradients. */
export const poolingCases: readonly CaseMaker[] = [
  { title: 'MaxPoolGrad', kernel: 'MaxPoolGrad', make: maxPoolGrad },
  { title: 'MaxPool', kernel: 'MaxPool', make: maxPool },
  { title: 'AvgPool', kernel: 'AvgPool', make: avgPool },
  { title: 'MaxPoolWithArgmax', kernel: 'MaxPoolWithArgmax', make: maxPoolWithArgmax },
  { title: 'AvgPoolGrad', kernel: 'AvgPoolGrad', make: avgPoolGrad },
];

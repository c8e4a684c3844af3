import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

interface Rule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

function sourceOf(i: number, [from, to]: readonly [number, number], { alignCorners, halfPixelCenters }: Rule): number {
  const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  const place = scale * (halfPixelCenters ? i + 0.5 : i);
  return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(place) : Math.floor(place)));
}

function scatter64(images: readonly number[], dy: Values, rule: Rule): Float64Array {
  const [, height, width, channels] = images as [number, number, number, number];
  const [, newHeight, newWidth] = dy.shape as [number, number, number, number];
  const dx = new Float64Array(images.reduce((a, b) => a * b, 1));
  dy.values.forEach((value, i) => {
    const column = Math.floor(i / channels) % newWidth;
    const row = Math.floor(i / channels / newWidth) % newHeight;
    const n = Math.floor(i / channels / newWidth / newHeight);
    const to = (n * height + sourceOf(row, [height, newHeight], rule)) * width + sourceOf(column, [width, newWidth], rule);
    dx[to * channels + (i % channels)]! += value;
  });
  return dx;
}

function nearestGradient(random: Random): KernelCase {
  const images = [integer(random, 1, 3), integer(random, 1, 7), integer(random, 1, 7), integer(random, 1, 9)];
  const factor = integer(random, 1, 3);
  const size = random() < 0.5 ? [images[1]! * factor, images[2]! * factor] : [integer(random, 1, 15), integer(random, 1, 15)];
  const dy = anyValues(random, [images[0]!, ...size, images[3]!]);
  const rule = pick(random, [
    { alignCorners: false, halfPixelCenters: false },
    { alignCorners: false, halfPixelCenters: true },
    { alignCorners: true, halfPixelCenters: false },
  ]);
  const inputs = { images: { shape: images, values: new Float32Array(images.reduce((a, b) => a * b, 1)) }, dy };
  const magnitude = [scatter64(images, absolute(dy), rule)];
  // The cpu backend ignores half pixels, looks at a window that is too small for aligned corners, and finds only the first image.
  const alsoCpu = !rule.halfPixelCenters && !rule.alignCorners && images[0] === 1;
  return { inputs, attrs: { ...rule, size }, expected: [scatter64(images, dy, rule)], magnitude, alsoCpu };
}

/** With half-pixel centers, which the cpu backend forgets. */
function bilinearGradient(random: Random): KernelCase {
  const images = [integer(random, 1, 3), integer(random, 1, 7), integer(random, 1, 7), integer(random, 1, 5)];
  const dy = anyValues(random, [images[0]!, integer(random, 1, 15), integer(random, 1, 15), images[3]!]);
  const [batch, height, width, channels] = images as [number, number, number, number];
  const [, newHeight, newWidth] = dy.shape as [number, number, number, number];
  const weights = (to: number, [from, size]: readonly [number, number]): Map<number, number> => {
    const place = Math.min(Math.max(((to + 0.5) * from) / size - 0.5, 0), from - 1);
    const low = Math.floor(place);
    return new Map([
      [Math.min(low + 1, from - 1), place - low],
      [low, (low + 1 < from ? 0 : place - low) + 1 - (place - low)],
    ]);
  };
  const scatter = (values: ArrayLike<number>): Float64Array => {
    const dx = new Float64Array(batch * height * width * channels);
    for (let i = 0; i < values.length; i++) {
      const pixel = Math.floor(i / channels);
      const [n, row, column] = [Math.floor(pixel / newWidth / newHeight), Math.floor(pixel / newWidth) % newHeight, pixel % newWidth];
      for (const [h, a] of weights(row, [height, newHeight])) {
        for (const [w, b] of weights(column, [width, newWidth]))
          dx[((n * height + h) * width + w) * channels + (i % channels)]! += a * b * values[i]!;
      }
    }
    return dx;
  };
  const inputs = { images: { shape: images, values: new Float32Array(batch * height * width * channels) }, dy };
  const attrs = { alignCorners: false, halfPixelCenters: true, size: [newHeight, newWidth] };
  return { inputs, attrs, expected: [scatter(dy.values)], magnitude: [scatter(dy.values.map(Math.abs))] };
}

/** Gradients of resizing. */
export const resizeCases: readonly CaseMaker[] = [
  { title: 'ResizeBilinearGrad of half pixels', kernel: 'ResizeBilinearGrad', make: bilinearGradient },
  { title: 'ResizeNearestNeighborGrad', kernel: 'ResizeNearestNeighborGrad', make: nearestGradient },
];

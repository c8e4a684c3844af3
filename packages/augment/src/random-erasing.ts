import { drawNormal, drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkRange } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { erase, type PixelBox } from './erase.ts';

/** Options of {@link randomErasing}. */
export interface RandomErasingOptions {
  /** Probability of erasing a part of an image; default 0.5, in [0, 1]. */
  probability?: number;
  /** Range of the part's area as a fraction of the image's, uniform; default [0.02, 0.33], in (0, 1]. */
  scale?: readonly [number, number];
  /** Range of the part's height by width, log-uniform; default [0.3, 3.3], > 0. */
  ratio?: readonly [number, number];
  /** What it is filled with; default 0; `'random'` for normal noise about 0.5 with a standard deviation of 0.25, cut off at 0 and 1. */
  value?: number | 'random';
}

const ATTEMPTS = 10;

function drawPixelBoxes(
  rng: Rng,
  size: { n: number; height: number; width: number },
  options: Required<Pick<RandomErasingOptions, 'scale' | 'ratio'>>,
) {
  const { n, height, width } = size;
  const { scale, ratio } = options;
  const boxes = new Array<PixelBox | undefined>(n).fill(undefined);
  for (let attempt = 0; attempt < ATTEMPTS && boxes.includes(undefined); attempt++) {
    const draw = (tag: string, [min, max]: readonly [number, number]) => drawUniform(rng.fold(tag).fold(attempt), n, { min, max });
    const areas = draw('area', scale);
    const ratios = draw('ratio', [Math.log(ratio[0]), Math.log(ratio[1])]);
    const [ys, xs] = [draw('y', [0, 1]), draw('x', [0, 1])];
    boxes.forEach((box, i) => {
      const [area, relative] = [areas[i]! * height * width, Math.exp(ratios[i]!)];
      const [rows, columns] = [Math.round(Math.sqrt(area * relative)), Math.round(Math.sqrt(area / relative))];
      if (box || rows >= height || columns >= width || rows === 0 || columns === 0) return;
      const [top, left] = [Math.floor(ys[i]! * (height - rows + 1)), Math.floor(xs[i]! * (width - columns + 1))];
      boxes[i] = { top, left, bottom: top + rows, right: left + columns };
    });
  }
  return boxes;
}

/**
 * Erases a random part of each image with a probability.
 *
 * @param options see {@link RandomErasingOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link erase}
 * @see Zhong et al.: "Random Erasing Data Augmentation", https://arxiv.org/abs/1708.04896
 * @remarks The boxes are those of torchvision's `RandomErasing`: whole pixels, ten attempts, then none. Its random value is standard normal, for standardized images.
 * @example
 * ```ts
 * import { randomErasing } from '@selfsup/augment';
 * const holes = randomErasing({ probability: 0.25, value: 'random' });
 * ```
 */
export function randomErasing(options: RandomErasingOptions = {}): Augmentation {
  const { probability = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  checkProbability('randomErasing', 'probability', probability);
  checkRange('randomErasing', 'scale', { range: scale, max: 1 });
  checkRange('randomErasing', 'ratio', { range: ratio });
  if (value !== 'random' && !Number.isFinite(value))
    throw new SelfsupError('SELFSUP_OPTION', `randomErasing: \`value\` must be finite or 'random', got ${String(value)}`);
  return (images, rng) => {
    checkImages('randomErasing', images);
    const [n, height, width] = images.shape;
    const chosen = drawChosen(rng.fold('chosen'), n, probability);
    const boxes = drawPixelBoxes(rng, { n, height, width }, { scale, ratio }).map((box, i) => (chosen[i] ? box : undefined));
    return tf.tidy(() => {
      if (value !== 'random') return erase(images, boxes, { value });
      const noise = drawNormal(rng.fold('noise'), images.size, { mean: 0.5, standardDeviation: 0.25 });
      return erase(images, boxes, { value: tf.clipByValue(tf.tensor4d(noise, images.shape), 0, 1) });
    });
  };
}

import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import { adjustColors, type ColorAdjustment } from './adjust-colors.ts';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { COLOR_OPERATIONS, COLOR_ORDERS, type ColorOperation } from './color-operation.ts';
import { drawChosen } from './draw-chosen.ts';

/** Options of {@link colorJitter}. */
export interface ColorJitterOptions {
  /** Brightness factors are uniform in [max(0, 1 − b), 1 + b]; default 0 (not done), ≥ 0. */
  brightness?: number;
  /** Contrast factors are uniform in [max(0, 1 − c), 1 + c]; default 0 (not done), ≥ 0. */
  contrast?: number;
  /** Saturation factors are uniform in [max(0, 1 − s), 1 + s]; default 0 (not done), ≥ 0. */
  saturation?: number;
  /** Shifts of the hue are uniform in [−h, h], in turns; default 0 (not done), in [0, 0.5]. */
  hue?: number;
  /** Probability of changing an image at all; default 0.8, in [0, 1]. */
  probability?: number;
  /** `'random'` (default): an order per image; or one for all, naming every operation whose strength is not 0. */
  order?: 'random' | readonly ColorOperation[];
}

type Strengths = Readonly<Record<ColorOperation, number>>;

interface CheckedOptions {
  readonly strengths: Strengths;
  readonly probability: number;
  readonly order: 'random' | readonly ColorOperation[];
}

function checkOptions(options: ColorJitterOptions): CheckedOptions {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0, probability = 0.8, order = 'random' } = options;
  const strengths: Strengths = { brightness, contrast, saturation, hue };
  checkProbability('colorJitter', 'probability', probability);
  for (const operation of COLOR_OPERATIONS) {
    const most = operation === 'hue' ? 0.5 : Number.MAX_VALUE;
    const value = strengths[operation];
    if (!(value >= 0 && value <= most))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `colorJitter: \`${operation}\` must be ${operation === 'hue' ? 'in [0, 0.5]' : 'finite and >= 0'}, got ${value}`,
      );
  }
  if (order !== 'random') checkOrder(order, strengths);
  return { strengths, probability, order };
}

function checkOrder(order: readonly ColorOperation[], strengths: Strengths): void {
  const complete = COLOR_OPERATIONS.every((operation) => strengths[operation] === 0 || order.includes(operation));
  if (!complete || new Set(order).size !== order.length || order.some((operation) => !COLOR_OPERATIONS.includes(operation)))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `colorJitter: \`order\` must be 'random' or name each operation whose strength is not 0 once, got [${order.join(', ')}]`,
    );
}

/** Draws the adjustments of {@link colorJitter}: one per image, `{}` for an image that is not changed. */
export function drawColorAdjustments(rng: Rng, count: number, options: ColorJitterOptions): ColorAdjustment[] {
  const { strengths, probability, order } = checkOptions(options);
  const chosen = drawChosen(rng.fold('chosen'), count, probability);
  const orders = drawUniform(rng.fold('order'), count);
  const used = COLOR_OPERATIONS.filter((operation) => strengths[operation] > 0);
  const values = used.map((operation) => {
    const [center, strength] = [operation === 'hue' ? 0 : 1, strengths[operation]];
    const min = operation === 'hue' ? -strength : Math.max(0, center - strength);
    return drawUniform(rng.fold(operation), count, { min, max: center + strength });
  });
  return chosen.map((choice, i) => {
    if (!choice) return {};
    const drawn = Object.fromEntries(used.map((operation, k) => [operation, values[k]![i]!])) as ColorAdjustment;
    return { ...drawn, order: order === 'random' ? COLOR_ORDERS[Math.floor(orders[i]! * COLOR_ORDERS.length)]! : order };
  });
}

/**
 * Changes brightness, contrast, saturation and hue of each image by random factors in a random order.
 *
 * @param options see {@link ColorJitterOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link adjustColors}
 * @see Howard: "Some Improvements on Deep Convolutional Neural Network Based Image Classification", https://arxiv.org/abs/1312.5402
 * @remarks The operations are torchvision's, see {@link adjustColors}; so are the ranges of the factors. torchvision's `ColorJitter` has no
 * probability: SimCLR wraps it in `RandomApply` with 0.8, which is the default here.
 * @example
 * ```ts
 * import { colorJitter } from '@selfsup/augment';
 * const jitter = colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 });
 * ```
 */
export function colorJitter(options: ColorJitterOptions = {}): Augmentation {
  checkOptions(options);
  return (images, rng) => {
    checkImages('colorJitter', images);
    return adjustColors(images, drawColorAdjustments(rng, images.shape[0], options));
  };
}

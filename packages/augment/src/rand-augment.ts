import { drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { adjustColors } from './adjust-colors.ts';
import { adjustSharpness } from './adjust-sharpness.ts';
import { affine, type AffineChange } from './affine.ts';
import type { Augmentation } from './augmentation.ts';
import { autocontrast } from './autocontrast.ts';
import { changeGroups, type GroupChange } from './change-groups.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkWhole } from './check-options.ts';
import { equalize } from './equalize.ts';
import { posterize } from './posterize.ts';
import { checkResample, type ResampleOptions } from './resample.ts';
import { solarize } from './solarize.ts';

/** Options of {@link randAugment}. */
export interface RandAugmentOptions extends ResampleOptions {
  /** How many operations follow each other in each image; default 2, an integer ≥ 1. */
  numOperations?: number;
  /** How strong they are; default 9, from 0 to 30. */
  magnitude?: number;
  /** Probability of changing an image at all; default 1, in [0, 1]. */
  probability?: number;
}

/** The fourteen operations of {@link randAugment}. */
export type RandOperation =
  | 'identity'
  | 'shearX'
  | 'shearY'
  | 'translateX'
  | 'translateY'
  | 'rotate'
  | 'brightness'
  | 'color'
  | 'contrast'
  | 'sharpness'
  | 'posterize'
  | 'solarize'
  | 'autocontrast'
  | 'equalize';

/** What one operation does by a strength in [0, 1] and a sign per image. */
type Operation = (images: tf.Tensor4D, strength: number, signs: readonly number[]) => tf.Tensor4D;

const MOST = 30;
const degrees = (tangent: number) => (180 / Math.PI) * Math.atan(tangent);

/** The operations, by name. */
export function randOperations(resampling: Required<ResampleOptions>): Readonly<Record<RandOperation, Operation>> {
  const moved =
    (change: (amount: number, images: tf.Tensor4D) => AffineChange, most: number): Operation =>
    (images, strength, signs) =>
      affine(
        images,
        signs.map((sign) => change(sign * most * strength, images)),
        resampling,
      );
  const colored =
    (name: 'brightness' | 'contrast' | 'saturation'): Operation =>
    (images, strength, signs) =>
      adjustColors(
        images,
        signs.map((sign) => ({ [name]: 1 + sign * 0.9 * strength })),
      );
  const all = (signs: readonly number[]) => signs.map(() => true);
  /** A whole number of pixels of a length, as a fraction of it. */
  const wholePixels = (part: number, length: number) => Math.trunc(part * length) / length;
  return {
    identity: (images) => tf.clone(images),
    shearX: moved((tangent) => ({ shearX: degrees(tangent), center: [0, 0] }), 0.3),
    shearY: moved((tangent) => ({ shearY: degrees(tangent), center: [0, 0] }), 0.3),
    translateX: moved((part, { shape }) => ({ translateX: wholePixels(part, shape[2]) }), 150 / 331),
    translateY: moved((part, { shape }) => ({ translateY: wholePixels(part, shape[1]) }), 150 / 331),
    rotate: moved((angle) => ({ angle }), 30),
    brightness: colored('brightness'),
    color: colored('saturation'),
    contrast: colored('contrast'),
    sharpness: (images, strength, signs) =>
      adjustSharpness(
        images,
        signs.map((sign) => 1 + sign * 0.9 * strength),
      ),
    posterize: (images, strength, signs) =>
      posterize(
        images,
        signs.map(() => 8 - Math.round(4 * strength)),
      ),
    solarize: (images, strength, signs) => solarize(images, all(signs), { threshold: 1 - strength }),
    autocontrast: (images, _, signs) => autocontrast(images, all(signs)),
    equalize: (images, _, signs) => equalize(images, all(signs)),
  };
}

/**
 * Changes each image by a few operations, drawn from fourteen, all of one strength.
 *
 * @param options see {@link RandAugmentOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` on images that are not rank 4 and `SELFSUP_DTYPE` on
 * images that are not float32
 * @see Cubuk et al.: "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space", https://arxiv.org/abs/1909.13719
 * @remarks The operations and their strengths are torchvision's: magnitude 30 shears by 0.3, moves by 45 % of a side, rotates by 30°, multiplies colors by 0.1 or 1.9, keeps 4 bits
 * and inverts everything; half of the time to the other side. Images stay real numbers between operations, which it rounds to bytes, and the default is bilinear, its is nearest.
 * @example
 * ```ts
 * import { randAugment } from '@selfsup/augment';
 * const augment = randAugment({ numOperations: 2, magnitude: 9 });
 * ```
 */
export function randAugment(options: RandAugmentOptions = {}): Augmentation {
  const { numOperations = 2, magnitude = 9, probability = 1, ...rest } = options;
  checkWhole('randAugment', 'numOperations', { value: numOperations, least: 1 });
  checkProbability('randAugment', 'magnitude / 30', magnitude / MOST);
  checkProbability('randAugment', 'probability', probability);
  const operations = Object.values(randOperations(checkResample('randAugment', rest)));
  return (images, rng) => {
    checkImages('randAugment', images);
    const n = images.shape[0];
    const chosen = drawUniform(rng.fold('chosen'), n);
    return tf.tidy(() => {
      let changed: tf.Tensor4D = images;
      for (let turn = 0; turn < numOperations; turn++) {
        const kinds = drawUniform(rng.fold('operation').fold(turn), n);
        const signs = Array.from(drawUniform(rng.fold('sign').fold(turn), n), (draw) => (draw < 0.5 ? 1 : -1));
        const groupOf = Array.from(kinds, (kind, i) => (chosen[i]! < probability ? Math.floor(kind * operations.length) : -1));
        const changes = operations.map(
          (operation): GroupChange =>
            (some, rows) =>
              operation(
                some,
                magnitude / MOST,
                rows.map((row) => signs[row]!),
              ),
        );
        changed = changeGroups(changed, groupOf, changes);
      }
      return changed;
    });
  };
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';
import { COLOR_OPERATIONS, type ColorOperation } from './color-operation.ts';
import { blendColors, type Blend } from './blend-colors.ts';
import { rotateHue } from './rotate-hue.ts';

/** How to change the colors of one image; what is left out is not done. */
export interface ColorAdjustment {
  /** Factor of the pixels, ≥ 0: 0 black, 1 as it was. */
  brightness?: number;
  /** Weight of the pixels against the image's mean gray, ≥ 0: 0 uniform gray, 1 as it was. */
  contrast?: number;
  /** Weight of the pixels against their own gray, ≥ 0: 0 gray, 1 as it was. */
  saturation?: number;
  /** What to add to the hue, in turns, in [−0.5, 0.5]. */
  hue?: number;
  /** Which of the operations above first; default brightness, contrast, saturation, hue. Only those named in it are done. */
  order?: readonly ColorOperation[];
}

/** Images that take the same way: so many blends, a change of hue or not, so many blends. */
interface Group {
  readonly before: number;
  readonly hue: boolean;
  readonly after: number;
  readonly members: { readonly image: number; readonly blends: readonly Blend[]; readonly turn: number }[];
}

function checkAdjustment(adjustment: ColorAdjustment, image: number): void {
  const { order = COLOR_OPERATIONS } = adjustment;
  if (new Set(order).size !== order.length || order.some((operation) => !COLOR_OPERATIONS.includes(operation)))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `adjustColors: \`order\` must name each of ${COLOR_OPERATIONS.join(', ')} at most once, got [${order.join(', ')}] for image ${image}`,
    );
  for (const operation of COLOR_OPERATIONS) {
    const [low, high] = operation === 'hue' ? [-0.5, 0.5] : [0, Number.MAX_VALUE];
    const value = adjustment[operation];
    if (value !== undefined && !(value >= low && value <= high))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `adjustColors: \`${operation}\` must be ${operation === 'hue' ? 'in [-0.5, 0.5]' : 'finite and >= 0'}, got ${value} for image ${image}`,
      );
  }
}

function groupByWay(adjustments: readonly ColorAdjustment[], channels: number): Group[] {
  const groups = new Map<string, Group>();
  adjustments.forEach((adjustment, image) => {
    const { order = COLOR_OPERATIONS } = adjustment;
    const done = order.filter((name) => adjustment[name] !== undefined && (channels === 3 || name === 'brightness' || name === 'contrast'));
    const at = done.indexOf('hue');
    const [before, after] = at < 0 ? [done.length, 0] : [at, done.length - at - 1];
    const key = `${before} ${at >= 0 ? 'hue' : ''} ${after}`;
    const group = groups.get(key) ?? { before, hue: at >= 0, after, members: [] };
    const blends = done.flatMap((name) => (name === 'hue' ? [] : [{ toward: name, factor: adjustment[name]! }]));
    group.members.push({ image, blends, turn: adjustment.hue ?? 0 });
    groups.set(key, group);
  });
  return [...groups.values()];
}

/** `images` are the rows of one group, `[m, pixels·c]`. */
function adjustGroup(images: tf.Tensor2D, group: Group, channels: number): tf.Tensor2D {
  const { before, hue, after, members } = group;
  if (before + after === 0 && !hue) return images;
  const m = members.length;
  const pixels = images.shape[1] / channels;
  return tf.tidy(() => {
    const separate = channels === 1 ? images : tf.transpose(tf.reshape(images, [m * pixels, channels])); // [c, m·pixels]
    let planes = tf.reshape<tf.Rank.R3>(separate, [channels, m, pixels]);
    for (let i = 0; i <= before + after; i++) {
      if (i === before && hue) {
        planes = rotateHue(
          planes,
          members.map(({ turn }) => turn),
        );
      }
      if (i < before + after) {
        const blends = members.map((member) => member.blends[i]!);
        planes = blendColors(planes, blends);
      }
    }
    const interleaved = channels === 1 ? planes : tf.transpose(tf.reshape(planes, [channels, m * pixels])); // [m·pixels, c]
    return tf.reshape(interleaved, [m, pixels * channels]);
  });
}

/**
 * Changes brightness, contrast, saturation and hue of each image by its own factors, in its own order.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1]; saturation and hue are for three channels, and leave images of any other number as they are
 * @param adjustments one {@link ColorAdjustment} per image; `{}` leaves the image as it is, bit by bit
 * @returns float32, the shape of `images`, in [0, 1]: clamped after each operation
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or adjustments that are not one per image,
 * `SELFSUP_DTYPE` on images that are not float32, `SELFSUP_OPTION` on a factor out of range or an order that names an operation twice
 * @remarks The definitions of torchvision's tensor transforms, with f the factor, gray = 0.2989 R + 0.587 G + 0.114 B and each result clamped:
 * brightness f·x, contrast f·x + (1 − f)·mean(gray), where gray is the mean of the channels unless they are three, saturation f·x + (1 − f)·gray, hue by a turn in HSV.
 * Images are grouped by when their hue changes; the other three are one blend with coefficients per image.
 * @example
 * ```ts
 * import { adjustColors } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const images = tf.fill<tf.Rank.R4>([2, 8, 8, 3], 0.5);
 * const changed = adjustColors(images, [{ brightness: 1.2, hue: 0.1, order: ['hue', 'brightness'] }, {}]);
 * ```
 */
export function adjustColors(images: tf.Tensor4D, adjustments: readonly ColorAdjustment[]): tf.Tensor4D {
  checkImages('adjustColors', images);
  const [n, height, width, channels] = images.shape;
  checkPerImage('adjustColors', 'adjustments', { expected: n, got: adjustments.length });
  adjustments.forEach(checkAdjustment);
  const groups = groupByWay(adjustments, channels);
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(images, [n, height * width * channels]);
    if (groups.length === 1) return tf.reshape(tf.clone(adjustGroup(flat, groups[0]!, channels)), images.shape);
    const places = new Int32Array(n);
    let place = 0;
    const changed = groups.map((group) => {
      const rows = group.members.map(({ image }) => image);
      for (const image of rows) places[image] = place++;
      return adjustGroup(tf.gather(flat, tf.tensor1d(rows, 'int32')), group, channels);
    });
    return tf.reshape(tf.gather(tf.concat(changed, 0), tf.tensor1d(places, 'int32')), images.shape);
  });
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** What images a network was trained on. */
export interface ImageStatistics {
  /** Per channel, of pixels in [0, 1]: was subtracted. */
  readonly mean: readonly number[];
  /** Per channel, > 0: divided. */
  readonly std: readonly number[];
}

/** What a teacher takes, where that is not what its student takes. */
export interface TeacherImages {
  /** By which the student's images were normalized. */
  readonly student: ImageStatistics;
  /** By which the teacher's are to be. */
  readonly teacher: ImageStatistics;
  /** Height and width of the teacher's images in pixels; default those of the student's view. */
  readonly size?: readonly [height: number, width: number];
}

/** Shares of red, green and blue in gray, of ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114];

/** The same images with as many channels as a network takes: gray repeated, colors weighed, alpha left out; pixels in [0, 1]. */
function withChannels(images: tf.Tensor4D, channels: number): tf.Tensor4D {
  const had = images.shape[3];
  if (had === channels) return images;
  if (had === 1) return tf.tile(images, [1, 1, 1, channels]);
  const colors = had === 3 || had === 4 ? tf.slice(images, [0, 0, 0, 0], [-1, -1, -1, 3]) : undefined;
  if (colors && channels === 3) return colors;
  if (colors && channels === 1) return tf.sum<tf.Tensor4D>(tf.mul(colors, tf.tensor1d(LUMA)), 3, true);
  throw new SelfsupError(
    'SELFSUP_SHAPE',
    `distillation: the images of the student have ${had} channels, of which the ${channels} that the teacher takes cannot be made; give a teacher of ${had}${colors ? ', 3 or 1' : ''} channels`,
  );
}

/**
 * The images of a student as its teacher takes them: normalized by the teacher's statistics, in the teacher's size and channels. Internal.
 *
 * @param images float32 `[n, height, width, channels]`, normalized for the student
 * @param options see {@link TeacherImages}
 * @returns float32 `[n, height, width, channels]`, made in the caller's scope
 * @throws SelfsupError `SELFSUP_SHAPE` on channels that cannot be made of those that are there
 * @remarks Resized as by PyTorch's `interpolate` with mode bilinear and `align_corners=False`. Gray becomes color by repetition, color gray by its luma, alpha
 * is left out.
 */
export function teacherImages(images: tf.Tensor4D, { student, teacher, size }: TeacherImages): tf.Tensor4D {
  const isSame = student.mean.join() === teacher.mean.join() && student.std.join() === teacher.std.join();
  const statistics = (values: readonly number[]) => tf.tensor1d([...values]);
  const renormalize = () => {
    const pixels = tf.add<tf.Tensor4D>(tf.mul(images, statistics(student.std)), statistics(student.mean));
    return tf.div<tf.Tensor4D>(tf.sub(withChannels(pixels, teacher.mean.length), statistics(teacher.mean)), statistics(teacher.std));
  };
  const normalized = isSame ? images : renormalize();
  const [height, width] = size ?? [images.shape[1], images.shape[2]];
  if (height === images.shape[1] && width === images.shape[2]) return normalized;
  return tf.image.resizeBilinear(normalized, [height, width], false, true);
}

import * as tf from '@tensorflow/tfjs-core';

/** What becomes of the images of one group; `rows` are their places in the batch. */
export type GroupChange = (images: tf.Tensor4D, rows: readonly number[]) => tf.Tensor4D;

/**
 * Changes each group of images in its own way, and leaves those without a group as they are, bit by bit.
 *
 * @param images float32 `[n, h, w, c]`
 * @param groupOf for each image the place of its change in `changes`, or −1
 * @param changes each keeps the shape of the images
 * @returns float32, the shape of `images`
 */
export function changeGroups(images: tf.Tensor4D, groupOf: readonly number[], changes: readonly GroupChange[]): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const size = height * width * channels;
  const members = [-1, ...changes.keys()].map((group) => groupOf.flatMap((one, i) => (one === group ? [i] : [])));
  const present = members.flatMap((rows, k) => (rows.length > 0 ? [{ rows, change: changes[k - 1] }] : []));
  const [only] = present;
  if (!only) return tf.clone(images);
  if (present.length === 1) return tf.tidy(() => tf.clone(only.change ? only.change(images, only.rows) : images));
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(images, [n, size]);
    const places = new Int32Array(n);
    let place = 0;
    const parts = present.map(({ rows, change }) => {
      for (const row of rows) places[row] = place++;
      const some = tf.gather(flat, tf.tensor1d(rows, 'int32'));
      return change
        ? tf.reshape<tf.Rank.R2>(change(tf.reshape(some, [rows.length, height, width, channels]), rows), [rows.length, size])
        : some;
    });
    return tf.reshape(tf.gather(tf.concat(parts, 0), tf.tensor1d(places, 'int32')), images.shape);
  });
}

/** {@link changeGroups} with one change, of the chosen images. */
export function changeChosen(images: tf.Tensor4D, chosen: readonly boolean[], change: GroupChange): tf.Tensor4D {
  return changeGroups(
    images,
    chosen.map((one) => (one ? 0 : -1)),
    [change],
  );
}

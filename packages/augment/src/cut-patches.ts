import * as tf from '@tensorflow/tfjs-core';

/** Patches of whole pixels: image, top and left corner of each. */
export interface PatchPlaces {
  readonly image: ArrayLike<number>;
  readonly top: ArrayLike<number>;
  readonly left: ArrayLike<number>;
}

/** Cuts square patches out of images: `[n, h, w, c]` → `[patches, size, size, c]`; the places must lie inside. */
export function cutPatches(images: tf.Tensor4D, places: PatchPlaces, size: number): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const count = places.image.length;
  const source = new Int32Array(count * size * size);
  for (let to = 0, i = 0; i < count; i++)
    for (let y = 0; y < size; y++) {
      const row = (places.image[i]! * height + places.top[i]! + y) * width + places.left[i]!;
      for (let x = 0; x < size; x++) source[to++] = row + x;
    }
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [n * height * width, channels]);
    return tf.reshape(tf.gather(pixels, tf.tensor1d(source, 'int32')), [count, size, size, channels]);
  });
}

/** Standardizes each patch on its own, per channel: mean 0, standard deviation 1 (0 where the patch is uniform). */
export function standardizePatches(patches: tf.Tensor4D): tf.Tensor4D {
  const [count, height, width, channels] = patches.shape;
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R3>(patches, [count, height * width, channels]);
    const centered = tf.sub(flat, tf.mean(flat, 1, true)); // [count, pixels, c]
    const deviation = tf.sqrt(tf.mean(tf.square(centered), 1, true)); // [count, 1, c]
    return tf.reshape(tf.div(centered, tf.maximum(deviation, 1e-4)), patches.shape); // 1e-4: below the step of 8-bit pixels
  });
}

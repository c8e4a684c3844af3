import * as tf from '@tensorflow/tfjs-core';

/** Matrices that make each row and each column of an image out of all of its rows and columns. */
export interface SeparableFilter {
  /** float32 `[n, outHeight, height]`. */
  readonly rows: tf.Tensor3D;
  /** float32 `[n, outWidth, width]`. */
  readonly columns: tf.Tensor3D;
}

/**
 * out[i] = rows[i] · images[i] · columns[i]ᵀ per channel, as two batched matrix products and one transposition:
 * the first product leaves the image turned, so that the second finds its columns in front.
 */
export function filterSeparably(images: tf.Tensor4D, filter: SeparableFilter): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const { rows, columns } = filter;
  const [outHeight, outWidth] = [rows.shape[1], columns.shape[1]];
  return tf.tidy(() => {
    const turned = tf.matMul(tf.reshape(images, [n, height, width * channels]), rows, true, true); // [n, width·c, outHeight]
    const both = tf.matMul(columns, tf.reshape(turned, [n, width, channels * outHeight])); // [n, outWidth, c·outHeight]
    const upright = tf.transpose(tf.reshape(both, [n, outWidth * channels, outHeight]), [0, 2, 1]); // [n, outHeight, outWidth·c]
    return tf.reshape(upright, [n, outHeight, outWidth, channels]);
  });
}

import * as tf from '@tensorflow/tfjs-core';

/**
 * Adds to the hue of pixels in [0, 1]: the HSV round trip of `adjust_hue`, without the sixfold case distinction.
 *
 * With M and m the largest and smallest channel and C = M − m, the hue h in sixths of a turn, measured from red, is
 * ±(1 + (g + b − r − m) / C), + where g > b; and a channel whose own hue is h₀ becomes m + C·clamp(2 − |h − h₀|, 0, 1), |·| around the circle.
 *
 * @param planes float32 `[3, n, pixels]`: red, green, blue
 * @param turns float32 `[n, 1]`: what to add, in turns, in [−0.5, 0.5]
 * @returns float32 `[3, n, pixels]` in [0, 1]
 */
export function rotateHue(planes: tf.Tensor3D, turns: tf.Tensor2D): tf.Tensor3D {
  const [, n, pixels] = planes.shape;
  const flat = tf.reshape(planes, [3 * n * pixels]);
  const plane = (c: number) => tf.reshape(tf.slice(flat, [c * n * pixels], [n * pixels]), [n, pixels]);
  const [r, g, b] = [plane(0), plane(1), plane(2)];
  // max(a, b) = a + relu(b − a) and min(a, b) = b − relu(b − a): much faster than tf.maximum on wasm, and still exact where a = b
  const gOverR = tf.relu(tf.sub(g, r));
  const larger = tf.add(r, gOverR);
  const smaller = tf.sub(g, gOverR);
  const largest = tf.add(larger, tf.relu(tf.sub(b, larger))); // [n, pixels]
  const smallest = tf.sub(smaller, tf.relu(tf.sub(smaller, b))); // [n, pixels]
  const chroma = tf.sub(largest, smallest);
  const others = tf.sub(tf.sub(tf.add(g, b), r), smallest);
  const angle = tf.add(tf.div(others, tf.add(chroma, 1e-20)), 1); // sixths of a turn away from red, in [0, 3]; 1 for gray, where chroma is 0
  const side = tf.step(tf.sub(g, b), -1); // where g = b the angle is 0 or 3, and its sign does not matter
  const turned = tf.add(tf.mul(angle, side), tf.mul(turns, 6)); // [n, pixels] in [−6, 6]
  // | 3 − ||x| − 3| | is the distance of x from 0 around a circle of 6, for |x| ≤ 9
  const offsets = tf.sub(turned, tf.tensor3d([0, 2, -2], [3, 1, 1])); // [3, n, pixels] in [−8, 8]
  const away = tf.abs(tf.sub(3, tf.abs(tf.sub(tf.abs(offsets), 3))));
  const part = tf.clipByValue(tf.sub(2, away), 0, 1);
  return tf.clipByValue(tf.add(tf.mul(part, chroma), smallest), 0, 1);
}

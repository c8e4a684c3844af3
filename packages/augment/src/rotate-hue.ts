import * as tf from '@tensorflow/tfjs-core';

/** Where red, green and blue lie on the color circle, in sixths of a turn. */
const CHANNEL_HUES = [0, 2, 4] as const;

/**
 * Adds to the hue of pixels in [0, 1]: the HSV round trip of `adjust_hue`, without the sixfold case distinction.
 *
 * With M and m the largest and smallest channel and C = M − m, the hue in sixths of a turn away from red is h = ±(1 + (g + b − r − m) / C), in
 * [−3, 3], + where g > b; and the channel whose own hue is h₀ becomes m + C·clamp(2 − d, 0, 1), where d is the distance of h from h₀ around the circle.
 * With h₀ in [−3, 3] too, d = 3 − ||h − h₀| − 3|.
 *
 * @param planes float32 `[3, n, pixels]`: red, green, blue
 * @param turns what to add to each image's hue, in turns
 * @returns float32 `[3, n, pixels]` in [0, 1]
 */
export function rotateHue(planes: tf.Tensor3D, turns: readonly number[]): tf.Tensor3D {
  const [, n, pixels] = planes.shape;
  const flat = tf.reshape(planes, [3 * n * pixels]);
  const plane = (c: number) => tf.reshape(tf.slice(flat, [c * n * pixels], [n * pixels]), [n, pixels]);
  const [r, g, b] = [plane(0), plane(1), plane(2)];
  // max(x, y) = x + relu(y − x) and min(x, y) = y − relu(y − x): much faster than tf.maximum on wasm, and exact where x = y
  const gMinusR = tf.sub(g, r);
  const gOverR = tf.relu(gMinusR);
  const larger = tf.add(r, gOverR);
  const smaller = tf.sub(g, gOverR);
  const largest = tf.add(larger, tf.relu(tf.sub(b, larger))); // [n, pixels]
  const smallest = tf.sub(smaller, tf.relu(tf.sub(smaller, b))); // [n, pixels]
  const chroma = tf.add(tf.sub(largest, smallest), 1e-20); // not 0: a gray pixel gets some finite hue, which then has no weight
  const angle = tf.add(tf.div(tf.sub(tf.add(gMinusR, b), smallest), chroma), 1); // [n, pixels] in [0, 3]
  const hue = tf.mul(angle, tf.step(tf.sub(g, b), -1)); // where g = b the angle is 0 or 3, and its sign does not matter
  const goals = CHANNEL_HUES.flatMap((channel) => turns.map((turn) => wrap(channel - 6 * turn)));
  const away = tf.sub(hue, tf.tensor3d(goals, [3, n, 1])); // [3, n, pixels] in [−6, 6]
  const part = tf.clipByValue(tf.abs(tf.sub(tf.abs(away), 3)), 1, 2); // 3 − d, clamped: 1 too much
  return tf.clipByValue(tf.add(tf.mul(part, chroma), tf.sub(smallest, chroma)), 0, 1);
}

/** The same place on a circle of 6, in [−3, 3]. */
function wrap(hue: number): number {
  return hue - 6 * Math.round(hue / 6);
}

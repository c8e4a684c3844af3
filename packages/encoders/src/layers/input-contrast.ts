import * as tf from '@tensorflow/tfjs-core';
import { localContrast, type ModuleFactory } from '@selfsup/core';
import { stateless } from './stateless.ts';

/** The floor of `localContrast` for images of deviation 1: its default is for pixels in [0, 1], whose deviation is about a quarter. */
const FLOOR = 0.0005 * 4 ** 2;

/** The local contrast of the mean of the channels, for standardized images: `[n, height, width, channels]` to `[n, height, width, 1]`. */
export function inputContrast(): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  return stateless((images) => {
    const gray = images.shape[3] === 1 ? images : tf.mean<tf.Tensor4D>(images, 3, true);
    return localContrast(gray, { floor: FLOOR });
  });
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkExamples, type LabeledExamples } from './labeled-examples.ts';

/** Options of {@link imageClassification}. */
export interface ImageClassificationOptions {
  /** `[n, height, width, channels]` row-major: bytes 0 … 255, which are divided by 255, or float32 as they are. */
  pixels: Uint8Array | Float32Array;
  /** The shape of `pixels`. */
  shape: readonly [n: number, height: number, width: number, channels: number];
  /** `[n]`: the class of each image, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** How many classes there are. */
  numClasses: number;
  /** Per channel, subtracted; default 0. */
  mean?: readonly number[];
  /** Per channel, > 0, divides; default 1. */
  std?: readonly number[];
}

/**
 * Images with their classes, for {@link fineTune}.
 *
 * @param options see {@link ImageClassificationOptions}
 * @returns the examples; batches are float32 `[batch, height, width, channels]`
 * @throws SelfsupError `SELFSUP_SHAPE` when pixels, labels, mean or std do not fit the shape, `SELFSUP_DATA` when there is no image, `SELFSUP_OPTION` on a
 * label out of range or a `std` that is not positive
 * @example
 * ```ts
 * import { imageClassification } from '@selfsup/evaluate';
 * const train = imageClassification({ pixels: new Uint8Array(2 * 4 * 4), shape: [2, 4, 4, 1], labels: [0, 1], numClasses: 2, mean: [0.5], std: [0.25] });
 * ```
 */
export function imageClassification(options: ImageClassificationOptions): LabeledExamples<tf.Tensor4D> {
  const { pixels, shape, labels, numClasses } = options;
  const [n, height, width, channels] = shape;
  const { mean = Array<number>(channels).fill(0), std = Array<number>(channels).fill(1) } = options;
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `imageClassification: ${what}`);
  };
  const size = height * width * channels;
  if (pixels.length !== n * size) fail(`\`pixels\` of shape [${shape.join(', ')}] must have ${n * size} values, got ${pixels.length}`);
  if (labels.length !== n) fail(`\`labels\` must have one label for each of ${n} images, got ${labels.length}`);
  if (mean.length !== channels || std.length !== channels)
    fail(`\`mean\` and \`std\` must have ${channels} values, one per channel, got ${mean.length} and ${std.length}`);
  if (!std.every((value) => value > 0))
    throw new SelfsupError('SELFSUP_OPTION', `imageClassification: \`std\` must be > 0, got ${std.join(', ')}`);
  checkExamples('imageClassification', { labels, numClasses });
  const unit = pixels instanceof Uint8Array ? 1 / 255 : 1;
  return {
    labels,
    numClasses,
    read(indices) {
      const values = new Float32Array(indices.length * size);
      indices.forEach((index, row) => {
        for (let i = 0; i < size; i++) {
          const channel = i % channels;
          values[row * size + i] = (pixels[index * size + i]! * unit - mean[channel]!) / std[channel]!;
        }
      });
      return tf.tensor4d(values, [indices.length, height, width, channels]);
    },
  };
}

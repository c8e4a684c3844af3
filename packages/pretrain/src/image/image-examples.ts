import * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng, SelfsupError } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import type { FeatureEncoder, LabeledExamples } from '@selfsup/evaluate';
import type { AnyModule, EncodeOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { chosenIndices, encodeBatchOf } from './encode-images.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/**
 * Labeled images as examples for fine-tuning; they are read from the data set batch by batch.
 *
 * @param samples images with labels
 * @param options see {@link EncodeOptions}; all images are read once, and those that cannot be decoded are left out
 * @returns the examples, normalized as the encoder takes them: batches are float32 `[batch, size, size, channels]`
 * @throws SelfsupError `SELFSUP_DATA` on images without labels
 */
export async function imageExamples(samples: Samples, options: EncodeOptions): Promise<LabeledExamples<tf.TensorContainer>> {
  const images = asImages(samples);
  const { labels, classNames } = images;
  if (!labels)
    throw new SelfsupError('SELFSUP_DATA', `there are no labels to fine-tune with in ${images.name}; give images in folders of classes`);
  const chosen = chosenIndices(images.length, options.indices);
  const stage = options.progress.stage(options.stage, { total: chosen.length, unit: 'images' });
  const readable: number[] = [];
  const size = encodeBatchOf(images);
  for (let first = 0; first < chosen.length; first += size) {
    options.signal?.throwIfAborted();
    const batch = chosen.subarray(first, first + size);
    for (const index of (await images.read(batch)).indices) readable.push(index);
    stage.update(first + batch.length);
  }
  stage.end();
  const { mean, std } = imageInputOf(options.input);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  return {
    labels: Int32Array.from(readable, (index) => labels[index]!),
    numClasses: classNames?.length ?? labels.reduce((most, label) => Math.max(most, label), 0) + 1,
    async read(rows) {
      const pixels = await images.read(Int32Array.from(rows, (row) => readable[row]!));
      if (pixels.indices.length !== rows.length)
        throw new SelfsupError(
          'SELFSUP_DATA',
          `${images.name}: an image that could be read before cannot be read now; do not change the files`,
        );
      return tf.tidy(() => standardize(toImages(pixels), unused)); // [batch, size, size, channels]
    },
  };
}

/** An encoder of images as fine-tuning takes it. */
export function imageFeatureEncoder(module: AnyModule): FeatureEncoder<tf.TensorContainer> {
  return { trainable: module.trainable, apply: (images, options) => module.apply(images as tf.Tensor, options) };
}

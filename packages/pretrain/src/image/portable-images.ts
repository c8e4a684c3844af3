import type * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import type { PortableContext, PortableNetwork } from '../portable.ts';
import { imageInputOf } from './image-input.ts';

/** Numbers for people. */
const list = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(4))).join(', ');

/**
 * An encoder of images as other runtimes see it: pixels in, features out.
 *
 * @param context see {@link PortableContext}
 * @returns the network with the input `images` `[batch, size, size, channels]`, in [0, 1] where preprocessing is a part of it, and the output `features`
 */
export function portableImages({ encoder, preprocessing }: PortableContext): PortableNetwork {
  const { size, channels, mean, std } = imageInputOf(encoder.input);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const values = { do_resize: true, size: { height: size, width: size }, do_rescale: true, rescale_factor: 1 / 255 };
  const config = {
    image_processor_type: 'ViTImageProcessor',
    ...values,
    do_normalize: !preprocessing,
    ...(!preprocessing && { image_mean: mean, image_std: std }),
  };
  const how = `Decode the image as ${channels === 1 ? 'gray' : channels === 3 ? 'RGB' : `${channels} channels`}, resize it to ${size}x${size} pixels, divide its values by 255`;
  return {
    inputs: [{ name: 'images', shape: ['batch', size, size, channels] }],
    outputs: ['features'],
    run: ([images]) => {
      const pixels = images as tf.Tensor4D;
      return [encoder.features.apply(preprocessing ? standardize(pixels, unused) : pixels, { training: false })];
    },
    files: { 'preprocessor_config.json': new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`) },
    preprocessing: [
      preprocessing
        ? `${how}. Subtracting the mean and dividing by the deviation is a part of the model.`
        : `${how}, subtract ${list(mean)} and divide by ${list(std)}, per channel.`,
    ],
    dispose: () => undefined,
  };
}

import type * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import type { PortableContext, PortableNetwork } from '../portable.ts';
import { imageInputOf } from './image-input.ts';
import { describeResizing, imageProcessor } from './image-processor.ts';

const json = (content: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);

/** What transformers.js must know to open a model: it takes types that it does not know, too. */
function modelConfig(encoder: string): { readonly model_type: string; readonly architectures?: readonly string[] } {
  if (encoder.startsWith('resnet')) return { model_type: 'resnet', architectures: ['ResNetModel'] };
  if (encoder.startsWith('vit')) return { model_type: 'vit', architectures: ['ViTModel'] };
  return { model_type: encoder };
}

/** Numbers for people. */
const list = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(4))).join(', ');

/**
 * An encoder of images as other runtimes see it: pixels in, features out.
 *
 * @param context see {@link PortableContext}
 * @returns the network with the input `pixel_values`, as Hugging Face's models call it, `[batch, height, width, channels]`, in [0, 1] where preprocessing is a part of it, and the output `features`
 */
export function portableImages({ encoder, preprocessing }: PortableContext): PortableNetwork {
  const input = imageInputOf(encoder.input);
  const { height, width, channels, mean, std } = input;
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const config = imageProcessor(input, { normalize: !preprocessing });
  const how = describeResizing(input);
  return {
    inputs: [{ name: 'pixel_values', shape: ['batch', height, width, channels] }],
    outputs: ['features'],
    run: ([images]) => {
      const pixels = images as tf.Tensor4D;
      return [encoder.features.apply(preprocessing ? standardize(pixels, unused) : pixels, { training: false })];
    },
    files: { 'config.json': json(modelConfig(encoder.encoder.name)), 'preprocessor_config.json': json(config) },
    preprocessing: [
      preprocessing
        ? `${how}. Subtracting the mean and dividing by the deviation is a part of the model.`
        : `${how}, subtract ${list(mean)} and divide by ${list(std)}, per channel.`,
    ],
    dispose: () => undefined,
  };
}

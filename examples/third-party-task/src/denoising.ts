import { drawNormal, joinVariables, SelfsupError, type ModuleFactory, type PretextTask } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Clean images, float32 `[batch, height, width, channel]`. */
export type DenoisingBatch = { images: tf.Tensor4D };
/** The images with noise, the same shape. */
export type DenoisingTargets = { corrupted: tf.Tensor4D };

/** Options of {@link denoising}. */
export interface DenoisingOptions {
  /** The encoder that is kept. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** From the encoder's features to height · width · channels numbers. */
  decoder: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The noise that is added; default 0.2. */
  standardDeviation?: number;
}

/**
 * The denoising autoencoder: reconstructs an image from a corrupted copy of it.
 *
 * @see Vincent et al.: "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008
 */
export function denoising(options: DenoisingOptions): PretextTask<DenoisingBatch, DenoisingTargets> {
  const { backbone: makeBackbone, decoder: makeDecoder, standardDeviation = 0.2 } = options;
  return {
    api: 1,
    name: 'denoising',
    create({ rng }) {
      const backbone = makeBackbone(rng.fold('backbone'));
      const decoder = makeDecoder(rng.fold('decoder'));
      return {
        encoders: { backbone },
        trainable: joinVariables({ backbone: backbone.trainable, decoder: decoder.trainable }),
        buffers: joinVariables({ backbone: backbone.buffers, decoder: decoder.buffers }),
        // no tape here: what the loss needs and does not differentiate
        targets({ images }, ctx) {
          const noise = drawNormal(ctx.stream('noise'), images.size, { standardDeviation });
          return { corrupted: tf.add(images, tf.tensor4d(noise, images.shape)) };
        },
        loss({ images }, { corrupted }, { training, synchronize, stream }) {
          const [count] = images.shape;
          const output = decoder.apply(backbone.apply(corrupted, { training, synchronize, rng: stream('backbone') }), {
            training,
            synchronize,
            rng: stream('decoder'),
          }); // [batch, height * width * channels]
          const clean = tf.reshape(images, [count, -1]);
          if (output.shape[1] !== clean.shape[1])
            throw new SelfsupError('SELFSUP_SHAPE', `denoising: \`decoder\` must give ${clean.shape[1]!} numbers, got ${output.shape[1]}`);
          const difference = tf.sub(output, clean);
          return { loss: tf.mean(tf.mul(difference, difference)) };
        },
        dispose() {
          backbone.dispose();
          decoder.dispose();
        },
      };
    },
  };
}

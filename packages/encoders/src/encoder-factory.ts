import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './layers/check-input.ts';

/** Makes encoders of images: a {@link ModuleFactory} from `[batch, height, width, channels]` to `[batch, outputDim]`, float32. */
export interface EncoderFactory extends ModuleFactory<tf.Tensor4D, tf.Tensor2D> {
  /** Columns of the encoder's output: what a projection head or a classifier must accept. */
  readonly outputDim: number;
}

/** Turns a network into an encoder that names itself when its input does not fit. */
export function encoderFactory(
  name: string,
  network: ModuleFactory<tf.Tensor4D, tf.Tensor2D>,
  dims: { channels: number; outputDim: number },
): EncoderFactory {
  const { channels, outputDim } = dims;
  const create: ModuleFactory<tf.Tensor4D, tf.Tensor2D> = (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, options) {
        checkInput(name, input, { rank: 4, channels });
        return module.apply(input, options);
      },
    };
  };
  return Object.assign(create, { outputDim });
}

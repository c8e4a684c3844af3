import { SelfsupError } from '@selfsup/core';
import { encoderFactory, type EncoderFactory } from './encoder-factory.ts';
import { checkIntegers } from './layers/check-option.ts';
import { conv2d } from './layers/conv2d.ts';
import { globalAveragePool } from './layers/global-average-pool.ts';
import { normLayer, type NormOptions } from './layers/norm.ts';
import { sequential, type Layer } from './layers/sequential.ts';

/** Options of {@link convNet}. */
export interface ConvNetOptions extends NormOptions {
  /** Channels of the images, ≥ 1; default 3. */
  channels?: number;
  /** Channels after each convolution; default [32, 64, 128, 256]. */
  widths?: readonly number[];
}

/**
 * A small encoder for small images: per width a 3×3 convolution, a normalization and a ReLU; then the mean over the image.
 *
 * @param options see {@link ConvNetOptions}
 * @returns a factory of encoders with the paths `conv1/kernel`, `norm1/scale`, `norm1/offset` (buffers `norm1/mean`, `norm1/variance`), `conv2/kernel` …;
 * `outputDim` is the last width
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks Convolutions have no bias and one pixel of zeros on each side; the first has stride 1, the others stride 2. Kernels start from PyTorch's default,
 * uniform in ±1/√fanIn.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = convNet({ channels: 3 })(createRng(0));
 * const features = encoder.apply(tf.zeros([8, 32, 32, 3]), { training: false }); // [8, 256]
 * ```
 */
export function convNet(options: ConvNetOptions = {}): EncoderFactory {
  const { channels = 3, widths = [32, 64, 128, 256] } = options;
  const norm = normLayer('convNet', options);
  if (widths.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'convNet: `widths` must hold at least one width, got none');
  checkIntegers('convNet', { channels, ...Object.fromEntries(widths.map((width, i) => [`widths[${i}]`, width])) });
  const layers: Record<string, Layer> = {};
  for (const [i, width] of widths.entries()) {
    const inChannels = i === 0 ? channels : widths[i - 1]!;
    layers[`conv${i + 1}`] = conv2d({ inChannels, filters: width, kernelSize: 3, stride: i === 0 ? 1 : 2, padding: 1 });
    layers[`norm${i + 1}`] = norm(width, { activation: 'relu' });
  }
  layers['pool'] = globalAveragePool();
  return encoderFactory('convNet', sequential(layers), { channels, outputDim: widths.at(-1)! });
}

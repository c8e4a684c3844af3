import { SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { averagePool } from './layers/average-pool.ts';
import { checkIntegers, checkOneOf } from './layers/check-option.ts';
import { conv2d } from './layers/conv2d.ts';
import { imageInput, type ImageInput } from './layers/image-input.ts';
import { normLayer, type NormOptions } from './layers/norm.ts';
import { recomputed } from './layers/recomputed.ts';
import { sequential } from './layers/sequential.ts';
import type { PatchEncoder, PatchEncoderFactory, PatchKernel } from './patch-kernel.ts';
import { stagedEncoder } from './staged-encoder.ts';

/** Options of {@link convNet}. */
export interface ConvNetOptions extends NormOptions {
  /** Channels of the images, ≥ 1; default 3. */
  channels?: number;
  /** Channels after each convolution; default [32, 64, 128, 256]. */
  widths?: readonly number[];
  /** Height and width of each convolution's kernel in pixels, odd, one for each width; default 3 everywhere. */
  kernelSizes?: readonly number[];
  /** How the maps shrink: `stride` (default): all convolutions but the first have stride 2. `pool`: before all but the first the mean of 2×2 pixels is taken. */
  downsampling?: 'stride' | 'pool';
  /** What the first convolution sees of the images, see {@link ImageInput}; default `pixels`. */
  input?: ImageInput;
}

/**
 * A small encoder for small images: per width a convolution, a normalization and a ReLU; then the mean over the image.
 *
 * @param options see {@link ConvNetOptions}
 * @returns a factory of encoders with the paths `conv1/kernel`, `norm1/scale`, `norm1/offset` (buffers `norm1/mean`, `norm1/variance`), `conv2/kernel` …;
 * `outputDim` is the last width; the maps `layer1`, `layer2` … are those after each ReLU; {@link startFromPatches} can set all kernels
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` and `maps` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks Convolutions have no bias and zeros around the image so that stride 1 keeps its size. Kernels start from PyTorch's default, uniform in ±1/√fanIn.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = convNet({ channels: 3 })(createRng(0));
 * const images = tf.zeros<tf.Rank.R4>([8, 32, 32, 3]);
 * const features = encoder.apply(images, { training: false }); // [8, 256]
 * const { layer2, layer3 } = encoder.maps(images, { training: false }); // [8, 16, 16, 64] and [8, 8, 8, 128]
 * ```
 */
export function convNet(options: ConvNetOptions = {}): PatchEncoderFactory {
  const { channels = 3, widths = [32, 64, 128, 256], downsampling = 'stride', input = 'pixels' } = options;
  const { kernelSizes = widths.map(() => 3) } = options;
  const norm = normLayer('convNet', options);
  if (widths.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'convNet: `widths` must hold at least one width, got none');
  const numbered = (name: string, values: readonly number[]) => Object.fromEntries(values.map((value, i) => [`${name}[${i}]`, value]));
  checkIntegers('convNet', { channels, ...numbered('widths', widths), ...numbered('kernelSizes', kernelSizes) });
  if (kernelSizes.length !== widths.length || kernelSizes.some((size) => size % 2 === 0))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `convNet: \`kernelSizes\` must hold an odd size for each of the ${widths.length} widths, got [${kernelSizes.join(', ')}]`,
    );
  checkOneOf('convNet', 'downsampling', downsampling, ['stride', 'pool']);
  const seen = imageInput('convNet', input, channels);
  const parts = widths.map((width, i) => ({
    width,
    size: kernelSizes[i]!,
    before: i === 0 ? seen.layer : downsampling === 'pool' ? averagePool({ size: 2 }) : undefined,
    conv: conv2d({
      inChannels: i === 0 ? seen.channels : widths[i - 1]!,
      filters: width,
      kernelSize: kernelSizes[i]!,
      stride: i === 0 || downsampling === 'pool' ? 1 : 2,
      padding: (kernelSizes[i]! - 1) / 2,
    }),
    norm: norm(width, { activation: 'relu' }),
  }));

  const create = (rng: Rng): PatchEncoder => {
    const blocks = parts.map((part, i) => ({
      ...part,
      before: part.before?.(rng),
      conv: part.conv(rng.fold(`conv${i + 1}`)),
      norm: part.norm(rng.fold(`norm${i + 1}`)),
    }));
    const stages = blocks.map(({ before, conv, norm: norming, width }, i) => {
      const module = sequential<tf.Tensor4D, tf.Tensor4D>({
        ...(before && { [`before${i + 1}`]: () => before }),
        [`conv${i + 1}`]: () => conv,
        [`norm${i + 1}`]: () => norming,
      })(rng);
      // what is computed again needs the gradient of its input: of images that are prepared first it would be for nothing
      return { name: `layer${i + 1}`, module: i === 0 && before ? module : recomputed(module), channels: width };
    });
    const patchKernels = blocks.map(({ before, conv, norm: norming, size }, i): PatchKernel => ({
      kernel: `conv${i + 1}/kernel`,
      ...('mean' in norming.buffers && { statistics: `norm${i + 1}` }),
      size,
      padding: (size - 1) / 2,
      inputs: (previous: tf.Tensor4D) =>
        tf.tidy(() => {
          const activated = i === 0 ? previous : blocks[i - 1]!.norm.apply(previous, { training: false });
          return tf.clone<tf.Tensor4D>(before ? before.apply(activated, { training: false }) : activated);
        }),
      responses: (inputs: tf.Tensor4D) => conv.apply(inputs, { training: false }),
    }));
    return { ...stagedEncoder('convNet', stages, channels), patchKernels };
  };
  const mapChannels = Object.fromEntries(widths.map((width, i) => [`layer${i + 1}`, width]));
  return Object.assign(create, { outputDim: widths.at(-1)!, mapChannels });
}

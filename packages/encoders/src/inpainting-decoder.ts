import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory } from '@selfsup/core';
import { batchNorm } from './layers/batch-norm.ts';
import { channelwiseLinear } from './layers/channelwise-linear.ts';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { conv2d } from './layers/conv2d.ts';
import { convTranspose2d } from './layers/conv-transpose2d.ts';
import { sidesOf, type Sides } from './layers/grid-of.ts';
import { linear } from './layers/linear.ts';
import { sequential } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link inpaintingDecoder}. */
export interface InpaintingDecoderOptions {
  /** Columns of the input: the backbone's `outputDim`, ≥ 1; of a map its channels. */
  inputDim: number;
  /** Side in places, or `[rows, columns]`, of the map that is the input; default none: the input is a feature vector. */
  mapSize?: Sides;
  /** Side of the region that is painted in pixels, or `[height, width]`. */
  outputSize: Sides;
  /** Channels of the images; default 3. */
  channels?: number;
  /** Channels of the first, coarsest map, ≥ 1; halved each time that the map doubles, but not below 8. Default 128. */
  width?: number;
}

/** So small may the first map be: its shorter side has at most so many places, where the region can be halved so often. */
const COARSEST = 4;

/**
 * Paints a region of an image from a feature vector or from a map: a coarse map by a linear layer, or by one within each channel, ReLU and a 1×1 convolution; then
 * transposed convolutions that double it, each with batch normalization and ReLU, and a 3×3 convolution to pixels.
 *
 * @param options see {@link InpaintingDecoderOptions}
 * @returns a factory of modules from `[batch, inputDim]`, or `[batch, rows, columns, inputDim]` where `mapSize` is given, to pixels `[batch, height, width, channels]`, float32,
 * with the paths `linear/kernel`, or `channelwise/kernel` `[inputDim, places, places]`, `channelwise/bias` and `mix/kernel`; `norm0/scale` …,
 * `up1/kernel` `[4, 4, width/2, width]`, `norm1/scale` …, `output/kernel` `[3, 3, …, channels]`, `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Pathak et al.: "Context Encoders: Feature Learning by Inpainting", section 3.1, https://arxiv.org/abs/1604.07379
 * @remarks The paper has five transposed convolutions on a bottleneck of 4000 units, for 64 pixels. Here a region is halved until its shorter side has 4 pixels
 * or is odd: two of them for 16 pixels.
 * @example
 * ```ts
 * import { convNet, inpaintingDecoder } from '@selfsup/encoders';
 * const backbone = convNet({ channels: 3 });
 * const decoder = inpaintingDecoder({ inputDim: backbone.outputDim, outputSize: 16 });
 * ```
 */
export function inpaintingDecoder(options: InpaintingDecoderOptions & { mapSize: Sides }): ModuleFactory<tf.Tensor4D, tf.Tensor4D>;
export function inpaintingDecoder(options: InpaintingDecoderOptions & { mapSize?: never }): ModuleFactory<tf.Tensor2D, tf.Tensor4D>;
export function inpaintingDecoder(options: InpaintingDecoderOptions): ModuleFactory<tf.Tensor2D | tf.Tensor4D, tf.Tensor4D> {
  const { inputDim, mapSize, outputSize, channels = 3, width = 128 } = options;
  let [rows, columns] = sidesOf(outputSize);
  checkIntegers('inpaintingDecoder', { inputDim, outputSize: rows, channels, width });
  checkIntegers('inpaintingDecoder', { outputSize: columns });
  let doublings = 0;
  for (; Math.min(rows, columns) > COARSEST && rows % 2 === 0 && columns % 2 === 0; doublings++) [rows, columns] = [rows / 2, columns / 2];
  const widths = Array.from({ length: doublings + 1 }, (_, i) => Math.max(Math.min(8, width), Math.floor(width / 2 ** i)));
  const normalized = (i: number) => batchNorm<tf.Tensor4D>({ channels: widths[i]!, activation: 'relu' });
  const ups = Array.from({ length: doublings }, (_, i) => [
    [`up${i + 1}`, convTranspose2d({ inChannels: widths[i]!, filters: widths[i + 1]! })] as const,
    [`norm${i + 1}`, normalized(i + 1)] as const,
  ]).flat();
  const places = mapSize === undefined ? undefined : sidesOf(mapSize);
  if (places) checkIntegers('inpaintingDecoder', { 'mapSize[0]': places[0], 'mapSize[1]': places[1] });
  const network = sequential<tf.Tensor2D | tf.Tensor4D, tf.Tensor4D>({
    ...(places
      ? {
          channelwise: channelwiseLinear({ channels: inputDim, from: places, to: [rows, columns] }),
          relu: stateless((x: tf.Tensor4D) => tf.relu(x)),
          mix: conv2d({ inChannels: inputDim, filters: width, kernelSize: 1 }),
        }
      : {
          linear: linear({ inputDim, outputDim: rows * columns * width, bias: false }),
          map: stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R4>(x, [x.shape[0], rows, columns, width])),
        }),
    norm0: normalized(0),
    ...Object.fromEntries(ups),
    output: conv2d({ inChannels: widths.at(-1)!, filters: channels, kernelSize: 3, padding: 1, bias: true }),
  });
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('inpaintingDecoder', input, { rank: places ? 4 : 2, channels: inputDim });
        if (places && (input.shape[1] !== places[0] || input.shape[2] !== places[1]))
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `inpaintingDecoder: the map must have ${places.join(' x ')} places, got [${input.shape.join(', ')}]`,
          );
        return module.apply(input, apply);
      },
    };
  };
}

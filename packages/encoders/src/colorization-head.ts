import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { conv2d } from './layers/conv2d.ts';
import { linear } from './layers/linear.ts';
import { sequential } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link colorizationHead}. */
export interface ColorizationHeadOptions {
  /** Columns of the input: the backbone's `outputDim`, ≥ 1. */
  inputDim: number;
  /** Rows and columns of the map of colors, ≥ 1: the coding's `outputSize`. */
  outputSize: number;
  /** Color bins, ≥ 1: the length of the coding's `bins`. */
  numBins: number;
  /** Channels of the map between, ≥ 1; default 64. */
  width?: number;
}

/**
 * Paints a coarse map of colors from a feature vector: Linear to a map, ReLU, a 3×3 convolution, ReLU, a 1×1 convolution to bins.
 *
 * @param options see {@link ColorizationHeadOptions}
 * @returns a factory of modules from `[batch, inputDim]` to logits `[batch, outputSize, outputSize, numBins]`, float32, with the paths `linear/kernel`
 * `[inputDim, outputSize² · width]`, `linear/bias`, `conv1/kernel`, `conv1/bias`, `conv2/kernel` `[1, 1, width, numBins]`, `conv2/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks The paper predicts from feature maps of a network without pooling. Here the colors of all places must be in the backbone's one vector, which is
 * what is kept and evaluated. Kernels and biases start from PyTorch's default, uniform in ±1/√fanIn.
 * @example
 * ```ts
 * import { colorizationHead, convNet } from '@selfsup/encoders';
 * const backbone = convNet({ channels: 3 });
 * const head = colorizationHead({ inputDim: backbone.outputDim, outputSize: 8, numBins: 261 });
 * ```
 */
export function colorizationHead(options: ColorizationHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor4D> {
  const { inputDim, outputSize, numBins, width = 64 } = options;
  checkIntegers('colorizationHead', { inputDim, outputSize, numBins, width });
  const network = sequential<tf.Tensor2D, tf.Tensor4D>({
    linear: linear({ inputDim, outputDim: outputSize * outputSize * width }),
    map: stateless((x: tf.Tensor2D) => tf.relu<tf.Tensor4D>(tf.reshape(x, [x.shape[0], outputSize, outputSize, width]))),
    conv1: conv2d({ inChannels: width, filters: width, kernelSize: 3, padding: 1, bias: true }),
    relu: stateless((x: tf.Tensor4D) => tf.relu(x)),
    conv2: conv2d({ inChannels: width, filters: numBins, kernelSize: 1, bias: true }),
  });
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('colorizationHead', input, { rank: 2, channels: inputDim });
        return module.apply(input, apply);
      },
    };
  };
}

import type * as tf from '@tensorflow/tfjs-core';
import { drawNormal, gelu, l2Normalize, type ModuleFactory } from '@selfsup/core';
import { batchNorm } from './layers/batch-norm.ts';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { zeros, type Initializer } from './layers/initializers.ts';
import { linear } from './layers/linear.ts';
import { sequential, type Layer } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';
import { weightNormLinear } from './layers/weight-norm-linear.ts';

/** Options of {@link dinoHead}. */
export interface DinoHeadOptions {
  /** Columns of the input: the backbone's `outputDim`, ≥ 1. */
  inputDim: number;
  /** Columns of the hidden layers, ≥ 1; default 2048. */
  hiddenDim?: number;
  /** Columns of the unit vectors before the last layer, ≥ 1; default 256. */
  bottleneckDim?: number;
  /** Columns of the output, ≥ 1; default 65,536. */
  outputDim?: number;
  /** Linear layers before the last layer, ≥ 1; default 3. */
  numLayers?: number;
  /** Whether each hidden linear layer is followed by batch normalization, and then has no bias; default false. */
  batchNorm?: boolean;
  /** Whether the rows of the last layer keep length 1 (default); else their lengths are learned, which can be unstable. */
  normLastLayer?: boolean;
}

const normal: Initializer = (rng, count) => drawNormal(rng, count, { standardDeviation: 0.02 });

/**
 * The head of DINO: a perceptron with GELU, unit length, and a linear layer of unit rows, so that logits are cosines.
 *
 * @param options see {@link DinoHeadOptions}
 * @returns a factory of modules from `[batch, inputDim]` to logits `[batch, outputDim]`, float32, with the paths `linear1/kernel` `[in, out]`,
 * `linear1/bias` … and `lastLayer/kernel` `[bottleneckDim, outputDim]`; without `normLastLayer` `lastLayer/gain` `[outputDim]`; with `batchNorm`
 * `norm1/scale` …
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", section 3.1 and appendix C, https://arxiv.org/abs/2104.14294
 * @remarks Kernels start normal with deviation 0.02 (the authors cut the distribution at ±2, a hundred deviations out), biases as zeros, the last layer from
 * PyTorch's default, as in the authors' code; gains as ones. The last layer's length does not count, only its direction.
 * @example
 * ```ts
 * import { convNet, dinoHead } from '@selfsup/encoders';
 * const backbone = convNet({ channels: 3 });
 * const head = dinoHead({ inputDim: backbone.outputDim, hiddenDim: 512, bottleneckDim: 128, outputDim: 4096 });
 * ```
 */
export function dinoHead(options: DinoHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, hiddenDim = 2048, bottleneckDim = 256, outputDim = 65536, numLayers = 3 } = options;
  const { batchNorm: hiddenNorm = false, normLastLayer = true } = options;
  checkIntegers('dinoHead', { inputDim, hiddenDim, bottleneckDim, outputDim, numLayers });
  const layers: Record<string, Layer> = {};
  for (let i = 1; i <= numLayers; i++) {
    const last = i === numLayers;
    const dims = { inputDim: i === 1 ? inputDim : hiddenDim, outputDim: last ? bottleneckDim : hiddenDim };
    layers[`linear${i}`] = linear({ ...dims, bias: last || !hiddenNorm, initializer: normal, biasInitializer: zeros });
    if (!last && hiddenNorm) layers[`norm${i}`] = batchNorm<tf.Tensor2D>({ channels: hiddenDim });
    if (!last) layers[`gelu${i}`] = stateless((x: tf.Tensor2D) => gelu(x));
  }
  layers['unit'] = stateless((x: tf.Tensor2D) => l2Normalize(x));
  layers['lastLayer'] = weightNormLinear({ inputDim: bottleneckDim, outputDim, learnGain: !normLastLayer });
  const network = sequential<tf.Tensor2D, tf.Tensor2D>(layers);
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('dinoHead', input, { rank: 2, channels: inputDim });
        return module.apply(input, apply);
      },
    };
  };
}

import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { batchNorm } from './layers/batch-norm.ts';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { linear } from './layers/linear.ts';
import { sequential, type Layer } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link projectionHead}. */
export interface ProjectionHeadOptions {
  /** Columns of the input: the backbone's `outputDim`, ≥ 1. */
  inputDim: number;
  /** Columns of the hidden layers, ≥ 1. */
  hiddenDim: number;
  /** Columns of the output, ≥ 1. */
  outputDim: number;
  /** Linear layers, ≥ 1; default 2. One layer is a linear projection without `hiddenDim`. */
  numLayers?: number;
  /** Whether each hidden linear layer is followed by batch normalization, and then has no bias; default false. */
  batchNorm?: boolean;
  /**
   * Whether the last linear layer is too; default false. lightly's and Google's SimCLR have it, MoCo, BYOL and solo-learn do not. `'affine-free'`: without scale
   * and offset, as SimSiam's projection.
   */
  batchNormLast?: boolean | 'affine-free';
  /** Whether the last linear layer has a bias; default true unless it is normalized. The authors' Barlow Twins and VICReg have none. */
  biasLast?: boolean;
}

/**
 * The small perceptron between the backbone and the loss: Linear, [batch norm,] ReLU, …, Linear.
 *
 * @param options see {@link ProjectionHeadOptions}
 * @returns a factory of modules from `[batch, inputDim]` to `[batch, outputDim]`, float32, with the paths `linear1/kernel` `[in, out]`, `linear1/bias`,
 * `norm1/scale` …, `linear2/kernel` …; the output is not normalized
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", section 4.2, https://arxiv.org/abs/2002.05709
 * @remarks Kernels and biases start from PyTorch's default, uniform in ±1/√fanIn. Batch normalization has momentum 0.9 and epsilon 1e-5.
 * Published heads on a ResNet-50: SimCLR `{ hiddenDim: 2048, outputDim: 128 }`, in Google's code `{ hiddenDim: 2048, outputDim: 128, numLayers: 3, batchNorm:
 * true, batchNormLast: true }`; MoCo v1 `linear({ inputDim, outputDim: 128 })`, v2 as SimCLR, v3 on a ViT `{ hiddenDim: 4096, outputDim: 256, numLayers: 3,
 * batchNorm: true, batchNormLast: 'affine-free' }`; BYOL projection and prediction `{ hiddenDim: 4096, outputDim: 256, batchNorm: true }`; SimSiam projection
 * `{ hiddenDim: 2048, outputDim: 2048, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' }`, prediction
 * `{ hiddenDim: 512, outputDim: 2048, batchNorm: true }`; Barlow Twins and VICReg `{ hiddenDim: 8192, outputDim: 8192, numLayers: 3, batchNorm: true,
 * biasLast: false }`.
 * @example
 * ```ts
 * import { projectionHead, resnet18 } from '@selfsup/encoders';
 * const backbone = resnet18({ stem: 'cifar' });
 * const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 128 });
 * ```
 */
export function projectionHead(options: ProjectionHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, hiddenDim, outputDim, numLayers = 2, batchNorm: hiddenNorm = false, batchNormLast = false } = options;
  const { biasLast = !batchNormLast } = options;
  checkIntegers('projectionHead', { inputDim, hiddenDim, outputDim, numLayers });
  const layers: Record<string, Layer> = {};
  for (let i = 1; i <= numLayers; i++) {
    const last = i === numLayers;
    const normalized = last ? batchNormLast !== false : hiddenNorm;
    const dims = { inputDim: i === 1 ? inputDim : hiddenDim, outputDim: last ? outputDim : hiddenDim };
    layers[`linear${i}`] = linear({ ...dims, bias: last ? biasLast : !normalized });
    const norm = { channels: dims.outputDim, affine: !(last && batchNormLast === 'affine-free') };
    if (normalized) layers[`norm${i}`] = batchNorm<tf.Tensor2D>({ ...norm, activation: last ? 'linear' : 'relu' });
    else if (!last) layers[`relu${i}`] = stateless((x: tf.Tensor2D) => tf.relu(x));
  }
  const network = sequential<tf.Tensor2D, tf.Tensor2D>(layers);
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('projectionHead', input, { rank: 2, channels: inputDim });
        return module.apply(input, apply);
      },
    };
  };
}

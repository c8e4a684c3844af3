import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { batchNorm } from './layers/batch-norm.ts';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { linear } from './layers/linear.ts';
import { sequential, type Layer } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link jigsawHead}. */
export interface JigsawHeadOptions {
  /** Columns of the features of one tile: the backbone's `outputDim`, ≥ 1. */
  inputDim: number;
  /** Tiles of a puzzle, ≥ 1; default 9, a grid of three by three. */
  numTiles?: number;
  /** Classes: how many permutations there are, ≥ 1. */
  outputDim: number;
  /** Columns of each tile after the layer that all tiles share, ≥ 1; default 512. */
  tileDim?: number;
  /** Columns of the hidden layer over all tiles, ≥ 1; default 4096. */
  hiddenDim?: number;
  /** Whether both hidden layers are followed by batch normalization, and then have no bias; default false, as published. */
  batchNorm?: boolean;
}

/**
 * The siamese head of jigsaw puzzles: one linear layer that all tiles share, then a perceptron over all of them in a row, to one logit per permutation.
 *
 * @param options see {@link JigsawHeadOptions}
 * @returns a factory of modules from `[batch, numTiles · inputDim]`, the features of a puzzle's tiles in a row, to `[batch, outputDim]`, float32, with the paths
 * `linear1/kernel` `[inputDim, tileDim]` (shared), `linear2/kernel` `[numTiles · tileDim, hiddenDim]` and `linear3/kernel`, each with its `bias`; `norm1` and
 * `norm2` with batch normalization
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Noroozi and Favaro: "Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles", section 3, https://arxiv.org/abs/1603.09246
 * @remarks `linear1`, `linear2` and `linear3` are fc6, fc7 and fc8 of the paper's context-free network: 512 columns per tile, 4,096 for all. A ReLU follows each
 * hidden layer. Without `linear1` it is `projectionHead({ inputDim: numTiles * inputDim, … })`.
 * @example
 * ```ts
 * import { convNet, jigsawHead } from '@selfsup/encoders';
 * const backbone = convNet({ channels: 3 });
 * const head = jigsawHead({ inputDim: backbone.outputDim, numTiles: 9, outputDim: 100, tileDim: 64, hiddenDim: 256 });
 * ```
 */
export function jigsawHead(options: JigsawHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, numTiles = 9, outputDim, tileDim = 512, hiddenDim = 4096, batchNorm: normalized = false } = options;
  checkIntegers('jigsawHead', { inputDim, numTiles, outputDim, tileDim, hiddenDim });
  const hidden = (i: number, dims: { inputDim: number; outputDim: number }): Record<string, Layer> => ({
    [`linear${i}`]: linear({ ...dims, bias: !normalized }),
    ...(normalized
      ? { [`norm${i}`]: batchNorm<tf.Tensor2D>({ channels: dims.outputDim, activation: 'relu' }) }
      : { [`relu${i}`]: stateless((x: tf.Tensor2D) => tf.relu(x)) }),
  });
  const rowsOf = (columns: number) => stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R2>(x, [-1, columns]));
  const network = sequential<tf.Tensor2D, tf.Tensor2D>({
    tiles: rowsOf(inputDim), // [batch · numTiles, inputDim]
    ...hidden(1, { inputDim, outputDim: tileDim }),
    puzzles: rowsOf(numTiles * tileDim), // [batch, numTiles · tileDim]
    ...hidden(2, { inputDim: numTiles * tileDim, outputDim: hiddenDim }),
    linear3: linear({ inputDim: hiddenDim, outputDim }),
  });
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('jigsawHead', input, { rank: 2, channels: numTiles * inputDim });
        return module.apply(input, apply);
      },
    };
  };
}

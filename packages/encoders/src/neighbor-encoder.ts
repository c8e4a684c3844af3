import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type ModuleFactory } from '@selfsup/core';
import { partOptions } from './layers/apply-part.ts';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { transformerBlock } from './layers/transformer-block.ts';

/** Options of {@link neighborEncoder}. */
export interface NeighborEncoderOptions {
  /** Columns of the neighbors, a multiple of `numHeads`. */
  width: number;
  /** Transformer blocks, ≥ 1; default 3. */
  numLayers?: number;
  /** Heads of the attention, ≥ 1; default 8. */
  numHeads?: number;
  /** Columns between the two linear layers of a block, ≥ 1; default 2 · `width`. */
  hiddenDim?: number;
  /** How much of each branch and of the attention is dropped while training, in [0, 1); default 0.1. */
  dropoutRate?: number;
}

/** Sine and cosine of the place at wavelengths from 2π to 10,000 · 2π, column by column in turn: `[length, width]`. */
function placesOf(length: number, width: number): tf.Tensor2D {
  const values = Array.from({ length: length * width }, (_, i) => {
    const [place, column] = [Math.floor(i / width), i % width];
    const angle = place / 10000 ** ((column - (column % 2)) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tf.tensor2d(values, [length, width]);
}

/**
 * All4One's reader of neighbors: self-attention over a list of embeddings makes one of them that has seen the others.
 *
 * @param options see {@link NeighborEncoderOptions}
 * @returns a factory of modules from `[n, neighbors, width]`, nearest first, to the first place `[n, width]` after the blocks, float32, with the paths `block1/…`
 * (see {@link transformerBlock})
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or dropout without `rng`; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Estepa et al.: "All4One: Symbiotic Neighbour Contrastive Learning via Self-Attention and Redundancy Reduction", section 3.2,
 * https://arxiv.org/abs/2303.09417
 * @remarks Normalization after each addition as in the authors' code, with GELU where they have ReLU. Their positions run along the columns of an embedding, by
 * the helper that they call; here they say which neighbor it is.
 * @example
 * ```ts
 * import { neighborEncoder } from '@selfsup/encoders';
 * const reader = neighborEncoder({ width: 128, numLayers: 1 });
 * ```
 */
export function neighborEncoder(options: NeighborEncoderOptions): ModuleFactory<tf.Tensor3D, tf.Tensor2D> {
  const { width, numLayers = 3, numHeads = 8, hiddenDim = 2 * width, dropoutRate = 0.1 } = options;
  checkIntegers('neighborEncoder', { width, numLayers, numHeads, hiddenDim });
  const makeBlock = transformerBlock({ width, numHeads, hiddenDim, dropoutRate, attentionDropoutRate: dropoutRate, epsilon: 1e-5 });
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => [`block${i + 1}`, makeBlock(rng.fold(`block${i + 1}`))] as const);
    return {
      trainable: joinVariables(Object.fromEntries(blocks.map(([name, block]) => [name, block.trainable]))),
      buffers: {},
      apply(neighbors, apply) {
        checkInput('neighborEncoder', neighbors, { rank: 3, channels: width });
        return tf.tidy(() => {
          const [n, length] = neighbors.shape;
          let x = tf.add<tf.Tensor3D>(neighbors, placesOf(length, width));
          for (const [name, block] of blocks) x = block.apply(x, partOptions(apply, name));
          return tf.reshape<tf.Rank.R2>(tf.slice(x, [0, 0, 0], [n, 1, width]), [n, width]);
        });
      },
      dispose() {
        for (const [, block] of blocks) block.dispose();
      },
    };
  };
}

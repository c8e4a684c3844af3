import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, gelu, joinVariables, SelfsupError, takeRows, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import { partOptions } from './layers/apply-part.ts';
import { checkIntegers } from './layers/check-option.ts';
import { createVariable } from './layers/create-variable.ts';
import { crossAttention } from './layers/cross-attention.ts';
import { sidesOf, type Sides } from './layers/grid-of.ts';
import { xavierUniform, zeros } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';
import { sinCosPositions } from './layers/patch-positions.ts';

/** Options of {@link crossPredictor}. */
export interface CrossPredictorOptions {
  /** Columns of the encoder's states: its `outputDim`. */
  inputDim: number;
  /** Patches along each side of the image, or `[down, across]`: the encoder's `gridSize`. */
  gridSize: Sides;
  /** Columns of the predictor's states, a multiple of `numHeads` and of 4; default `inputDim`. */
  width?: number;
  /** Blocks, ≥ 1; default 12, half of those of the paper's encoder. */
  numLayers?: number;
  /** Heads of the attention, ≥ 1; default 16. */
  numHeads?: number;
}

/** The network that says what is at patches by looking at the states of others. */
export interface CrossPredictor {
  /** Columns of what it says. */
  readonly outputDim: number;
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /**
   * The predictions float32 `[n, asked, width]` at the patches `targets` int32 `[n, asked]` from `states` float32 `[n, seen, inputDim]`, whose order does not
   * matter.
   */
  predict(states: tf.Tensor3D, targets: tf.Tensor2D, options: ApplyOptions): tf.Tensor3D;
  /** Disposes all variables. */
  dispose(): void;
}

/**
 * CAPI's predictor: a mask token at the position of each patch that is asked for, pre-norm blocks of cross-attention to the encoder's states and of two linear
 * layers, a last normalization.
 *
 * @param options see {@link CrossPredictorOptions}
 * @returns a factory of predictors with the paths `maskToken` `[1, width]`, `block1/norm1/scale` …, `block1/attention/…` (see {@link crossAttention}),
 * `block1/norm2/…`, `block1/linear1/…`, `block1/linear2/…`, `norm/scale`, `norm/offset`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `predict` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Darcet et al.: "Cluster and Predict Latent Patches for Improved Masked Image Modeling", section 3, https://arxiv.org/abs/2502.08769
 * @remarks The patches that are asked for do not see each other, so that one more costs a row and changes no other. The paper's positions turn queries and keys
 * (RoPE); here fixed sines and cosines are added to the mask token, and the states bring the encoder's. Kernels start Xavier-uniform, the mask token normal with
 * deviation 0.02, biases as zeros.
 * @example
 * ```ts
 * import { crossPredictor, vit } from '@selfsup/encoders';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const predictor = crossPredictor({ inputDim: backbone.outputDim, gridSize: backbone.gridSize, numLayers: 2, numHeads: 3 });
 * ```
 */
export function crossPredictor(options: CrossPredictorOptions): (rng: Rng) => CrossPredictor {
  const { inputDim, gridSize, width = inputDim, numLayers = 12, numHeads = 16 } = options;
  const grid = sidesOf(gridSize);
  for (const side of grid) checkIntegers('crossPredictor', { gridSize: side });
  checkIntegers('crossPredictor', { inputDim, width, numLayers, numHeads });
  if (width % 4 !== 0) throw new SelfsupError('SELFSUP_OPTION', `crossPredictor: \`width\` must be a multiple of 4, got ${width}`);
  const initial = { initializer: xavierUniform, biasInitializer: zeros };
  const makeAttention = crossAttention({ width, numHeads, memoryDim: inputDim, initializer: xavierUniform });
  const makeNorm = layerNorm<tf.Tensor2D>({ width, epsilon: 1e-6 });
  const [widen, narrow] = [
    linear({ inputDim: width, outputDim: 4 * width, ...initial }),
    linear({ inputDim: 4 * width, outputDim: width, ...initial }),
  ];
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => {
      const stream = rng.fold(`block${i + 1}`);
      return {
        norm1: makeNorm(stream),
        attention: makeAttention(stream.fold('attention')),
        norm2: makeNorm(stream),
        linear1: widen(stream.fold('linear1')),
        linear2: narrow(stream.fold('linear2')),
      };
    });
    const norm = makeNorm(rng);
    const maskToken = createVariable<tf.Rank.R2>(drawNormal(rng.fold('maskToken'), width, { standardDeviation: 0.02 }), [1, width], true);
    const positions = createVariable<tf.Rank.R2>(sinCosPositions(grid, width).subarray(width), [grid[0] * grid[1], width], false);
    const named = blocks.flatMap((block, i) => Object.entries(block).map(([name, part]) => [`block${i + 1}/${name}`, part] as const));
    const parts = { ...Object.fromEntries(named), norm };
    return {
      outputDim: width,
      trainable: { ...joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))), maskToken },
      buffers: {},
      predict(states, targets, apply) {
        checkAsked(states, targets, inputDim);
        return tf.tidy(() => {
          const [n, asked] = targets.shape;
          const asRows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [n * asked, width]);
          const asSequences = (x: tf.Tensor) => tf.reshape<tf.Rank.R3>(x, [n, asked, width]);
          let x = tf.add<tf.Tensor3D>(takeRows(positions, targets), maskToken); // [n, asked, width]
          for (const [i, { norm1, attention, norm2, linear1, linear2 }] of blocks.entries()) {
            const options = partOptions(apply, `block${i + 1}`);
            x = tf.add(x, attention.attend(asSequences(norm1.apply(asRows(x), apply)), states, options));
            x = tf.add(x, asSequences(linear2.apply(gelu(linear1.apply(norm2.apply(asRows(x), apply), apply)), apply)));
          }
          return asSequences(norm.apply(asRows(x), apply));
        });
      },
      dispose() {
        for (const part of [...Object.values(parts), maskToken, positions]) part.dispose();
      },
    };
  };
}

function checkAsked(states: tf.Tensor3D, targets: tf.Tensor2D, inputDim: number): void {
  const fail = (name: string, expected: string, got: tf.Tensor): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `crossPredictor: \`${name}\` must have shape ${expected}, got [${got.shape.join(', ')}]`);
  };
  if (states.rank !== 3 || states.shape[2] !== inputDim || states.size === 0) fail('states', `[n, seen, ${inputDim}]`, states);
  const n = states.shape[0];
  if (targets.rank !== 2 || targets.shape[0] !== n || targets.size === 0) fail('targets', `[${n}, asked >= 1]`, targets);
  if (targets.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `crossPredictor: \`targets\` must be int32, got ${targets.dtype}`);
}

import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, joinVariables, SelfsupError, takeRows, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import { checkIntegers } from './layers/check-option.ts';
import { createVariable } from './layers/create-variable.ts';
import { sidesOf, type Sides } from './layers/grid-of.ts';
import { xavierUniform, zeros } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';
import { sinCosPositions } from './layers/patch-positions.ts';
import { preNormBlock } from './layers/pre-norm-block.ts';

/** Options of {@link jepaPredictor}. */
export interface JepaPredictorOptions {
  /** Columns of the encoder's states, those that are read and those that are predicted: its `outputDim`. */
  inputDim: number;
  /** Patches along each side of the image, or `[down, across]`: the encoder's `gridSize`. */
  gridSize: Sides;
  /** Columns of the predictor's states, a multiple of `numHeads` and of 4; default 384. */
  width?: number;
  /** Transformer blocks, ≥ 1; default 6. The paper has 12 for ViT-L and larger. */
  numLayers?: number;
  /** Heads of the attention, ≥ 1; default 12. */
  numHeads?: number;
}

/** The network that predicts the states of patches from those of others. */
export interface JepaPredictor {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /**
   * The states float32 `[n, numTargets, inputDim]` of the patches `targets` int32 `[n, numTargets]` from `states` float32 `[n, seen, inputDim]` of the patches
   * `context` int32 `[n, seen]`.
   */
  predict(
    states: tf.Tensor3D,
    patches: { readonly context: tf.Tensor2D; readonly targets: tf.Tensor2D },
    options: ApplyOptions,
  ): tf.Tensor3D;
  /** Disposes all variables. */
  dispose(): void;
}

/**
 * I-JEPA's predictor: a linear layer, fixed positions, a mask token at the position of each patch that is asked for, pre-norm blocks, a last normalization, a
 * linear layer back to the encoder's columns.
 *
 * @param options see {@link JepaPredictorOptions}
 * @returns a factory of predictors with the paths `embed/kernel` `[inputDim, width]`, `embed/bias`, `maskToken` `[1, width]`, `block1/…` (see
 * {@link preNormBlock}), `norm/scale`, `norm/offset`, `output/kernel` `[width, inputDim]`, `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `predict` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Assran et al.: "Self-Supervised Learning from Images with a Joint-Embedding Predictive Architecture", section 3, https://arxiv.org/abs/2301.08243
 * @remarks Kernels start Xavier-uniform, the mask token normal with deviation 0.02, biases as zeros.
 * @example
 * ```ts
 * import { jepaPredictor, vit } from '@selfsup/encoders';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, classToken: false });
 * const predictor = jepaPredictor({ inputDim: backbone.outputDim, gridSize: backbone.gridSize, width: 48, numLayers: 2, numHeads: 3 });
 * ```
 */
export function jepaPredictor(options: JepaPredictorOptions): (rng: Rng) => JepaPredictor {
  const { inputDim, gridSize, width = 384, numLayers = 6, numHeads = 12 } = options;
  const grid = sidesOf(gridSize);
  for (const side of grid) checkIntegers('jepaPredictor', { gridSize: side });
  checkIntegers('jepaPredictor', { inputDim, width, numLayers, numHeads });
  if (width % 4 !== 0) throw new SelfsupError('SELFSUP_OPTION', `jepaPredictor: \`width\` must be a multiple of 4, got ${width}`);
  const initial = { initializer: xavierUniform, biasInitializer: zeros };
  const makeEmbed = linear({ inputDim, outputDim: width, ...initial });
  const makeOutput = linear({ inputDim: width, outputDim: inputDim, ...initial });
  const makeNorm = layerNorm<tf.Tensor2D>({ width, epsilon: 1e-6 });
  const makeBlock = preNormBlock({ width, numHeads });
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => [`block${i + 1}`, makeBlock(rng.fold(`block${i + 1}`))] as const);
    const [embed, norm, output] = [makeEmbed(rng.fold('embed')), makeNorm(rng), makeOutput(rng.fold('output'))];
    const maskToken = createVariable<tf.Rank.R2>(drawNormal(rng.fold('maskToken'), width, { standardDeviation: 0.02 }), [1, width], true);
    const positions = createVariable<tf.Rank.R2>(sinCosPositions(grid, width).subarray(width), [grid[0] * grid[1], width], false);
    const parts = { embed, ...Object.fromEntries(blocks), norm, output };
    return {
      trainable: { ...joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))), maskToken },
      buffers: {},
      predict(states, { context, targets }, apply) {
        checkPredicted(states, { context, targets }, inputDim);
        return tf.tidy(() => {
          const [n, seen] = states.shape;
          const asked = targets.shape[1];
          const embedded = tf.reshape(embed.apply(tf.reshape(states, [n * seen, inputDim]), apply), [n, seen, width]);
          const known = tf.add(embedded, takeRows(positions, context)); // [n, seen, width]
          const unknown = tf.add(takeRows(positions, targets), maskToken); // [n, asked, width]
          let x = tf.concat<tf.Tensor3D>([known as tf.Tensor3D, unknown as tf.Tensor3D], 1);
          for (const [, block] of blocks) x = block.apply(x, apply);
          const predicted = tf.reshape<tf.Rank.R2>(tf.slice(x, [0, seen, 0], [n, asked, width]), [n * asked, width]);
          return tf.reshape(output.apply(norm.apply(predicted, apply), apply), [n, asked, inputDim]);
        });
      },
      dispose() {
        for (const part of [...Object.values(parts), maskToken, positions]) part.dispose();
      },
    };
  };
}

function checkPredicted(states: tf.Tensor3D, { context, targets }: { context: tf.Tensor2D; targets: tf.Tensor2D }, inputDim: number): void {
  const [n, seen] = states.shape;
  const fail = (name: string, expected: string, got: tf.Tensor): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `jepaPredictor: \`${name}\` must have shape ${expected}, got [${got.shape.join(', ')}]`);
  };
  if (states.rank !== 3 || states.shape[2] !== inputDim || states.size === 0) fail('states', `[n, seen, ${inputDim}]`, states);
  if (context.shape.join() !== [n, seen].join()) fail('context', `[${n}, ${seen}] like \`states\``, context);
  if (targets.rank !== 2 || targets.shape[0] !== n || targets.size === 0) fail('targets', `[${n}, numTargets >= 1]`, targets);
  for (const [name, tensor] of Object.entries({ context, targets }))
    if (tensor.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `jepaPredictor: \`${name}\` must be int32, got ${tensor.dtype}`);
}

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

/** Options of {@link maeDecoder}. */
export interface MaeDecoderOptions {
  /** Columns of the encoder's states: its `outputDim`. */
  inputDim: number;
  /** Patches along each side of the image, or `[down, across]`: the encoder's `gridSize`. */
  gridSize: Sides;
  /** Height and width of a patch in pixels: the encoder's `patchSize`. */
  patchSize: number;
  /** Channels of the images; default 3. */
  channels?: number;
  /** Columns of the decoder's states, a multiple of `numHeads` and of 4; default 512. */
  width?: number;
  /** Transformer blocks, ≥ 1; default 8. */
  numLayers?: number;
  /** Heads of the attention, ≥ 1; default 16. */
  numHeads?: number;
}

/** The network that predicts all patches from the states of those that the encoder saw. */
export interface MaeDecoder {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /**
   * The pixels float32 `[n, length, patchSize²·channels]` from `tokens` float32 `[n, 1 + kept, inputDim]`, the class token's state first, and `restore` int32
   * `[n, length]`: where each patch stands when the masked ones follow those kept.
   */
  decode(tokens: tf.Tensor3D, restore: tf.Tensor2D, options: ApplyOptions): tf.Tensor3D;
  /** Disposes all variables. */
  dispose(): void;
}

/**
 * MAE's decoder: a linear layer, the mask token wherever a patch is missing, fixed positions, pre-norm blocks, a last normalization, a linear layer to pixels.
 *
 * @param options see {@link MaeDecoderOptions}
 * @returns a factory of decoders with the paths `embed/kernel` `[inputDim, width]`, `embed/bias`, `maskToken` `[1, width]`, `block1/…` (see
 * {@link preNormBlock}), `norm/scale`, `norm/offset`, `output/kernel` `[width, patchSize²·channels]`, `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `decode` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see He et al.: "Masked Autoencoders Are Scalable Vision Learners", section 3, https://arxiv.org/abs/2111.06377
 * @remarks Kernels start Xavier-uniform, the mask token normal with deviation 0.02, biases as zeros. The class token takes part in the attention and its
 * prediction is left out. The values of a patch are in the order (row, column, channel), `patchify`'s.
 * @example
 * ```ts
 * import { maeDecoder, vit } from '@selfsup/encoders';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const decoder = maeDecoder({ inputDim: backbone.outputDim, gridSize: backbone.gridSize, patchSize: 4, width: 64, numLayers: 2, numHeads: 2 });
 * ```
 */
export function maeDecoder(options: MaeDecoderOptions): (rng: Rng) => MaeDecoder {
  const { inputDim, gridSize, patchSize, channels = 3, width = 512, numLayers = 8, numHeads = 16 } = options;
  const grid = sidesOf(gridSize);
  for (const side of grid) checkIntegers('maeDecoder', { gridSize: side });
  checkIntegers('maeDecoder', { inputDim, patchSize, channels, width, numLayers, numHeads });
  if (width % 4 !== 0) throw new SelfsupError('SELFSUP_OPTION', `maeDecoder: \`width\` must be a multiple of 4, got ${width}`);
  const length = grid[0] * grid[1];
  const patchDim = patchSize * patchSize * channels;
  const initial = { initializer: xavierUniform, biasInitializer: zeros };
  const [makeEmbed, makeOutput] = [
    linear({ inputDim, outputDim: width, ...initial }),
    linear({ inputDim: width, outputDim: patchDim, ...initial }),
  ];
  const makeNorm = layerNorm<tf.Tensor2D>({ width, epsilon: 1e-6 });
  const makeBlock = preNormBlock({ width, numHeads });
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => [`block${i + 1}`, makeBlock(rng.fold(`block${i + 1}`))] as const);
    const [embed, norm, output] = [makeEmbed(rng.fold('embed')), makeNorm(rng), makeOutput(rng.fold('output'))];
    const maskToken = createVariable<tf.Rank.R2>(drawNormal(rng.fold('maskToken'), width, { standardDeviation: 0.02 }), [1, width], true);
    const positions = createVariable<tf.Rank.R2>(sinCosPositions(grid, width), [1 + length, width], false);
    const parts = { embed, ...Object.fromEntries(blocks), norm, output };
    return {
      trainable: { ...joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))), maskToken },
      buffers: {},
      decode(tokens, restore, apply) {
        checkDecoded(tokens, restore, { inputDim, length });
        return tf.tidy(() => {
          const [n, seen] = tokens.shape;
          const embedded = embed.apply(tf.reshape(tokens, [n * seen, inputDim]), apply);
          const states = tf.reshape<tf.Rank.R3>(embedded, [n, seen, width]);
          const missing = tf.add<tf.Tensor3D>(tf.zeros([n, length + 1 - seen, width]), maskToken);
          const all = tf.concat<tf.Tensor3D>([tf.slice(states, [0, 1, 0], [n, seen - 1, width]), missing], 1); // [n, length, width]
          const patches = takeRows(all, restore, { batchDims: 1 }) as tf.Tensor3D; // each at its place
          let x = tf.add<tf.Tensor3D>(tf.concat([tf.slice(states, [0, 0, 0], [n, 1, width]), patches], 1), positions);
          for (const [, block] of blocks) x = block.apply(x, apply);
          const predicted = tf.slice(x, [0, 1, 0], [n, length, width]);
          const rows = norm.apply(tf.reshape(predicted, [n * length, width]), apply);
          return tf.reshape(output.apply(rows, apply), [n, length, patchDim]);
        });
      },
      dispose() {
        for (const part of [...Object.values(parts), maskToken, positions]) part.dispose();
      },
    };
  };
}

function checkDecoded(tokens: tf.Tensor3D, restore: tf.Tensor2D, { inputDim, length }: { inputDim: number; length: number }): void {
  const [n, seen] = tokens.shape;
  if (tokens.rank !== 3 || tokens.shape[2] !== inputDim || tokens.size === 0 || seen < 2 || seen > length)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `maeDecoder: \`tokens\` must have shape [n, 1 + kept, ${inputDim}] with 1 <= kept < ${length}, got [${tokens.shape.join(', ')}]`,
    );
  if (restore.shape.join() !== [n, length].join())
    throw new SelfsupError('SELFSUP_SHAPE', `maeDecoder: \`restore\` must have shape [${n}, ${length}], got [${restore.shape.join(', ')}]`);
  if (restore.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `maeDecoder: \`restore\` must be int32, got ${restore.dtype}`);
}

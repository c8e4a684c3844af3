import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type Module, type ModuleFactory } from '@selfsup/core';
import { partOptions } from './layers/apply-part.ts';
import { checkIntegers } from './layers/check-option.ts';
import { createVariable } from './layers/create-variable.ts';
import { sidesOf, type Sides } from './layers/grid-of.ts';
import { xavierUniform, zeros } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';
import { sinCosPositions } from './layers/patch-positions.ts';
import { preNormBlock } from './layers/pre-norm-block.ts';

/** Options of {@link patchDecoder}. */
export interface PatchDecoderOptions {
  /** Columns of what it reads, a multiple of `numHeads` and of 4. */
  width: number;
  /** Patches along each side of the image, or `[down, across]`. */
  gridSize: Sides;
  /** Columns of what it says of each patch, such as its pixels: patchSize² · channels. */
  outputDim: number;
  /** Transformer blocks, ≥ 1; default 2. */
  numLayers?: number;
  /** Heads of the attention, ≥ 1; default 4. */
  numHeads?: number;
}

/**
 * A decoder of all patches of an image: fixed positions, pre-norm blocks, a last normalization, a linear layer.
 *
 * @param options see {@link PatchDecoderOptions}
 * @returns a factory of modules from codes `[n, length, width]` to `[n, length, outputDim]`, float32, with the paths `block1/…` (see {@link preNormBlock}),
 * `norm/scale`, `norm/offset`, `output/kernel` `[width, outputDim]`, `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE`
 * @remarks `maeDecoder` is for states of some of the patches. Kernels start Xavier-uniform, biases as zeros.
 * @example
 * ```ts
 * import { patchDecoder, vit } from '@selfsup/encoders';
 * const { outputDim: width, gridSize } = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const decoder = patchDecoder({ width, gridSize, outputDim: 4 * 4 * 3, numHeads: 3 });
 * ```
 */
export function patchDecoder(options: PatchDecoderOptions): ModuleFactory<tf.Tensor3D, tf.Tensor3D> {
  const { width, gridSize, outputDim, numLayers = 2, numHeads = 4 } = options;
  const grid = sidesOf(gridSize);
  for (const side of grid) checkIntegers('patchDecoder', { gridSize: side });
  checkIntegers('patchDecoder', { width, outputDim, numLayers, numHeads });
  if (width % 4 !== 0) throw new SelfsupError('SELFSUP_OPTION', `patchDecoder: \`width\` must be a multiple of 4, got ${width}`);
  const length = grid[0] * grid[1];
  const makeBlock = preNormBlock({ width, numHeads });
  const makeNorm = layerNorm<tf.Tensor2D>({ width, epsilon: 1e-6 });
  const makeOutput = linear({ inputDim: width, outputDim, initializer: xavierUniform, biasInitializer: zeros });
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => [`block${i + 1}`, makeBlock(rng.fold(`block${i + 1}`))] as const);
    const [norm, output] = [makeNorm(rng), makeOutput(rng.fold('output'))];
    const positions = createVariable<tf.Rank.R2>(sinCosPositions(grid, width).subarray(width), [length, width], false);
    const parts: Record<string, Pick<Module, 'trainable' | 'dispose'>> = { ...Object.fromEntries(blocks), norm, output };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply(codes, apply) {
        if (codes.rank !== 3 || codes.shape[1] !== length || codes.shape[2] !== width || codes.size === 0)
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `patchDecoder: the input must have shape [n >= 1, ${length}, ${width}], got [${codes.shape.join(', ')}]`,
          );
        return tf.tidy(() => {
          let x = tf.add<tf.Tensor3D>(codes, positions);
          for (const [name, block] of blocks) x = block.apply(x, partOptions(apply, name));
          const rows = norm.apply(tf.reshape<tf.Rank.R2>(x, [-1, width]), apply);
          return tf.reshape(output.apply(rows, apply), [codes.shape[0], length, outputDim]);
        });
      },
      dispose() {
        for (const part of [...Object.values(parts), positions]) part.dispose();
      },
    };
  };
}

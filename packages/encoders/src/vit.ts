import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, joinVariables, patchify, SelfsupError, takeRows, type ApplyOptions, type Rng } from '@selfsup/core';
import { additiveMask } from './layers/additive-mask.ts';
import { checkRates, partOptions } from './layers/apply-part.ts';
import { checkIntegers, checkOneOf } from './layers/check-option.ts';
import { createVariable } from './layers/create-variable.ts';
import { xavierUniform, zeros } from './layers/initializers.ts';
import { shortSides, sidesOf, type Sides } from './layers/grid-of.ts';
import { interpolatePositions } from './layers/interpolate-positions.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';
import { sinCosPositions } from './layers/patch-positions.ts';
import { preNormBlock } from './layers/pre-norm-block.ts';
import { wantedLayers } from './mapped-encoder.ts';
import type { PatchEncoder, PatchEncoderFactory } from './patch-kernel.ts';
import { checkTopBlocks, type BlockEncoder } from './top-blocks.ts';

/** Options of a Vision Transformer of any size. */
export interface VitOptions {
  /**
   * Side in pixels of the images that the positions are for, or `[height, width]`, multiples of `patchSize`; default 224. Others have theirs interpolated.
   */
  imageSize?: Sides;
  /** Height and width of a patch in pixels, ≥ 1; default 16. */
  patchSize?: number;
  /** Channels of the images, ≥ 1; default 3. */
  channels?: number;
  /** What `apply` returns: the state of the class token (default), or the mean of the patches' states. */
  pooling?: 'class-token' | 'mean';
  /** Whether a learned class token goes before the patches; default true. Without one the features are the mean. */
  classToken?: boolean;
  /** Positions that are added to the patches: fixed two-dimensional sines and cosines (default), or learned ones. */
  positions?: 'sin-cos' | 'learned';
  /** Whether learned positions have a row for the class token, too; default true. */
  classPosition?: boolean;
  /** Learned tokens without positions, between the class token and the patches, whose states nobody gets: register tokens, ≥ 0; default 0. */
  numRegisters?: number;
  /** How often the last block's branches are left out while training, in [0, 1); grows evenly from 0 at the first block. Default 0. */
  dropPathRate?: number;
  /** Initial factor of each column of the blocks' branches, > 0, as in LayerScale; default none. */
  layerScale?: number;
  /** Whether query, key and value have biases; default true. */
  qkvBias?: boolean;
  /** Columns between the two linear layers of a block, ≥ 1; default 4 · `width`. */
  hiddenDim?: number;
  /** Added to the variances by all normalizations, > 0; default 1e-6. */
  epsilon?: number;
  /** Whether there is a learned token to stand for masked patches, which SimMIM needs; default false. */
  maskToken?: boolean;
}

/** Size of a Vision Transformer. */
export interface VitSize {
  /** Transformer blocks, ≥ 1. */
  numLayers: number;
  /** Columns of the hidden states, a multiple of `numHeads`; of 4 too with sin-cos positions. */
  width: number;
  /** Heads of the attention, ≥ 1; published sizes have one per 64 columns. */
  numHeads: number;
}

/** Images of which the encoder sees a part. */
export interface PatchImages {
  /** float32 `[n, height, width, channels]`, both sides multiples of the patch size; of the encoder's `imageSize` where `keep` or `mask` is given. */
  readonly images: tf.Tensor4D;
  /** int32 `[n, kept]`: the patches that the encoder sees, in this order, as in MAE; default all. */
  readonly keep?: tf.Tensor2D;
  /** float32 `[n, patches]`: 1 where the mask token stands instead of the patch, as in SimMIM; default nowhere. */
  readonly mask?: tf.Tensor2D;
  /**
   * `[n or 1, tokens, tokens]`, 1 where the query, the first of the two, sees the key, 0 where it does not: of all tokens that the blocks see, class token and
   * registers first; any dtype. As in AIM; default all see all.
   */
  readonly attentionMask?: tf.Tensor3D;
}

/** A Vision Transformer. */
export interface VitEncoder extends PatchEncoder, BlockEncoder<PatchImages> {
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /** Whether the first of the states is the class token's. */
  readonly hasClassToken: boolean;
  /** The states after the last normalization, float32 `[n, 1 + kept, width]`, the class token's first; `[n, kept, width]` without one. */
  encode(input: PatchImages, options: ApplyOptions): tf.Tensor3D;
}

/** Makes Vision Transformers. */
export interface VitFactory extends PatchEncoderFactory {
  (rng: Rng): VitEncoder;
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /** Patches along each side of an image of `imageSize`, or `[down, across]` where it is not square. */
  readonly gridSize: Sides;
  /** Channels of the images. */
  readonly channels: number;
  /** Whether the first of an encoder's states is the class token's. */
  readonly hasClassToken: boolean;
}

/**
 * The Vision Transformer: a linear layer over patches, a class token, positions, pre-norm blocks, a last normalization.
 *
 * @param options see {@link VitSize} and {@link VitOptions}; {@link vitTiny}, {@link vitSmall} and {@link vitBase} have the published sizes
 * @returns a factory of encoders from `[n, height, width, channels]`, sides any multiples of `patchSize`, to `[n, width]`, float32, with the paths
 * `patch/kernel` `[patchSize²·channels, width]`, `patch/bias`, `classToken` `[1, width]`, `block1/…` (see {@link preNormBlock}), `norm/scale`, `norm/offset`;
 * and, where asked for, `positions` `[1 + patches, width]` (`[patches, width]` without class token or its position), `registers` `[numRegisters, width]` and
 * `maskToken` `[1, width]`. The maps `block1`, `block2` … are the patches' states after each
 * block and the last normalization, as DINO reads them; {@link startFromPatches} can set `patch/kernel`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or drop path without `rng`; from `apply` and `encode` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Dosovitskiy et al.: "An Image is Worth 16x16 Words", https://arxiv.org/abs/2010.11929; sizes Tiny and Small: https://arxiv.org/abs/2012.12877
 * @see Darcet et al.: "Vision Transformers Need Registers", https://arxiv.org/abs/2309.16588
 * @remarks Kernels start Xavier-uniform, query, key and value each on their own; tokens and learned positions normal with deviation 0.02; biases as zeros.
 * The values of a patch are in the order (row, column, channel). Positions go with the patch that is kept, not with its place among those kept. The mean is
 * that of normalized states; MAE's fine-tuning normalizes the mean. Fixed positions are no variables of the encoder.
 *
 * For images of another size than `imageSize` the positions of the patches, learned and fixed alike, are interpolated as by PyTorch's `interpolate` to the new
 * grid with mode bicubic and `align_corners=False`; the class token keeps its own. So do DINO for crops and MAE for fine-tuning; DINO's code adds 0.1 to the
 * new grid before it divides, which moves the places a little. `keep` and `mask` are for images of `imageSize`.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { vit } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = vit({ imageSize: 32, patchSize: 4, numLayers: 2, width: 64, numHeads: 2 })(createRng(0));
 * const images = tf.zeros<tf.Rank.R4>([8, 32, 32, 3]);
 * const features = encoder.apply(images, { training: false }); // [8, 64]
 * const tokens = encoder.encode({ images }, { training: false }); // [8, 1 + 64, 64]
 * ```
 */
export function vit(options: VitOptions & VitSize): VitFactory {
  return vitFactory('vit', options);
}

/** {@link vit} under another name in its messages. */
export function vitFactory(who: string, options: VitOptions & VitSize): VitFactory {
  const { imageSize = 224, patchSize = 16, channels = 3, numLayers, width, numHeads } = options;
  const { classToken: withClass = true, classPosition = true, numRegisters = 0, layerScale, qkvBias = true } = options;
  const { pooling = withClass ? 'class-token' : 'mean', positions = 'sin-cos', dropPathRate = 0, maskToken = false } = options;
  const { hiddenDim = 4 * width, epsilon = 1e-6 } = options;
  const [imageHeight, imageWidth] = sidesOf(imageSize);
  for (const side of [imageHeight, imageWidth]) checkIntegers(who, { imageSize: side });
  checkIntegers(who, { patchSize, channels, numLayers, width, numHeads, hiddenDim });
  checkIntegers(who, { numRegisters }, 0);
  checkRates(who, { dropPathRate });
  checkOneOf(who, 'pooling', pooling, ['class-token', 'mean']);
  checkOneOf(who, 'positions', positions, ['sin-cos', 'learned']);
  const refuse = (name: string, rule: string, value: number) => {
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be a multiple of ${rule}, got ${value}`);
  };
  for (const [name, value] of Object.entries({ epsilon, layerScale }))
    if (value !== undefined && !(value > 0)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be > 0, got ${value}`);
  if (!withClass && pooling === 'class-token')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`pooling\` must be mean without a class token, got class-token`);
  for (const side of [imageHeight, imageWidth]) if (side % patchSize !== 0) refuse('imageSize', `the patch size ${patchSize}`, side);
  if (positions === 'sin-cos' && width % 4 !== 0) refuse('width', '4 for sin-cos positions', width);
  const grid = [imageHeight / patchSize, imageWidth / patchSize] as const;
  const length = grid[0] * grid[1];
  const embed = linear({
    inputDim: patchSize * patchSize * channels,
    outputDim: width,
    initializer: xavierUniform,
    biasInitializer: zeros,
  });
  const makeNorm = layerNorm<tf.Tensor3D>({ width, epsilon });
  const learned = positions === 'learned';
  const classRows = withClass && (classPosition || !learned) ? 1 : 0; // rows of the positions before those of the patches
  const numFirst = withClass ? 1 : 0;

  const mapChannels = Object.fromEntries(Array.from({ length: numLayers }, (_, i) => [`block${i + 1}`, width]));

  const create = (rng: Rng): VitEncoder => {
    const tokens = (tag: string, rows: number) => drawNormal(rng.fold(tag), rows * width, { standardDeviation: 0.02 });
    const token = (tag: string) => createVariable<tf.Rank.R2>(tokens(tag, 1), [1, width], true);
    const position = createVariable<tf.Rank.R2>(
      learned ? tokens('positions', classRows + length) : sinCosPositions(grid, width).subarray((1 - classRows) * width),
      [classRows + length, width],
      learned,
    );
    const patch = embed(rng.fold('patch'));
    const classToken = withClass ? token('classToken') : undefined;
    const registers =
      numRegisters > 0 ? createVariable<tf.Rank.R2>(tokens('registers', numRegisters), [numRegisters, width], true) : undefined;
    const masked = maskToken ? token('maskToken') : undefined;
    const blocks = Array.from({ length: numLayers }, (_, i) =>
      preNormBlock({
        width,
        numHeads,
        hiddenDim,
        qkvBias,
        epsilon,
        ...(layerScale !== undefined && { layerScale }),
        dropPathRate: numLayers === 1 ? dropPathRate : (dropPathRate * i) / (numLayers - 1),
      })(rng.fold(`block${i + 1}`)),
    );
    const norm = makeNorm(rng);
    const named = Object.fromEntries(blocks.map((block, i) => [`block${i + 1}`, block]));

    /**
     * Runs the first blocks: the states, before the last normalization, after those that `taps` names and after the last of them; or, of those, what their two
     * linear layers say.
     */
    const run = (
      { images, keep, mask, attentionMask }: PatchImages,
      apply: ApplyOptions,
      { numBlocks, taps, part }: { numBlocks: number; taps: readonly string[]; part?: 'block' | 'feed-forward' | undefined },
    ) => {
      const [rows, columns] = [images.shape[1] / patchSize, images.shape[2] / patchSize];
      const all = patchify(images, { patchSize }); // [n, rows · columns, patchDim]
      const seen = keep ? takeRows(all, keep, { batchDims: 1 }) : all; // [n, kept, patchDim]
      const [n, kept, patchDim] = seen.shape as [number, number, number];
      let x: tf.Tensor = tf.reshape(patch.apply(tf.reshape<tf.Rank.R2>(seen, [n * kept, patchDim]), apply), [n, kept, width]);
      if (mask && masked) {
        const hidden = tf.expandDims(keep ? takeRows(mask, keep, { batchDims: 1 }) : mask, 2); // [n, kept, 1]
        x = tf.add(tf.mul(x, tf.sub(1, hidden)), tf.mul(hidden, masked));
      }
      const places = interpolatePositions(tf.slice(position, [classRows, 0], [length, width]), { from: grid, to: [rows, columns] }); // [rows · columns, width]
      x = tf.add(x, keep ? takeRows(places, keep) : places);
      const repeated = (rows: tf.Tensor) => tf.add<tf.Tensor3D>(tf.zeros([n, rows.shape[0], width]), rows);
      const first = classToken && (classRows === 1 ? tf.add(classToken, tf.slice(position, [0, 0], [1, width])) : classToken);
      const before = [first, registers].flatMap((rows) => (rows ? [repeated(rows)] : []));
      let y = before.length > 0 ? tf.concat<tf.Tensor3D>([...before, x as tf.Tensor3D], 1) : (x as tf.Tensor3D); // [n, 1 + registers + kept, width]
      if (attentionMask) checkAttentionMask(who, attentionMask, y);
      const attention = attentionMask && { mask: additiveMask(attentionMask) };
      const states: Record<string, tf.Tensor3D> = {};
      for (const [i, block] of blocks.slice(0, numBlocks).entries()) {
        const name = `block${i + 1}`;
        const options = { ...partOptions(apply, name), ...attention };
        if (part === 'feed-forward' && taps.includes(name)) {
          const { feedForward, output } = block.states(y, options);
          [states[name], y] = [feedForward, output];
        } else {
          y = block.apply(y, options);
          if (taps.includes(name)) states[name] = y;
        }
      }
      return { states, last: y };
    };
    const check = (input: PatchImages) => {
      checkPatchImages(
        who,
        { images: input.images, keep: input.keep, mask: input.mask },
        { imageHeight, imageWidth, patchSize, channels, length, maskToken },
      );
    };
    /** The patches' states alone. */
    const patchesOf = (states: tf.Tensor3D): tf.Tensor3D => {
      const [n, count] = states.shape;
      const skipped = numFirst + numRegisters;
      return tf.slice(states, [0, skipped, 0], [n, count - skipped, width]);
    };
    const withoutRegisters = (states: tf.Tensor3D): tf.Tensor3D => {
      if (numRegisters === 0) return states;
      return tf.concat([tf.slice(states, [0, 0, 0], [states.shape[0], numFirst, width]), patchesOf(states)], 1);
    };
    const encode: VitEncoder['encode'] = (input, apply) => {
      check(input);
      return tf.tidy(() => norm.apply(withoutRegisters(run(input, apply, { numBlocks: numLayers, taps: [] }).last), apply));
    };
    return {
      trainable: {
        ...joinVariables({ patch: patch.trainable }),
        ...(classToken && { classToken }),
        ...(learned && { positions: position }),
        ...(registers && { registers }),
        ...(masked && { maskToken: masked }),
        ...joinVariables(Object.fromEntries(Object.entries({ ...named, norm }).map(([name, part]) => [name, part.trainable]))),
      },
      buffers: {},
      patchSize,
      hasClassToken: withClass,
      mapChannels,
      patchKernels: [
        {
          kernel: 'patch/kernel',
          bias: 'patch/bias',
          size: patchSize,
          padding: 0,
          inputs: (images) => tf.clone(images),
          responses: (images) =>
            tf.tidy(() => {
              const patches = patchify(images, { patchSize });
              const [n, count, patchDim] = patches.shape;
              const rows = patch.apply(tf.reshape<tf.Rank.R2>(patches, [n * count, patchDim]), { training: false });
              return tf.reshape<tf.Rank.R4>(rows, [n, images.shape[1] / patchSize, images.shape[2] / patchSize, width]);
            }),
        },
      ],
      encode,
      encodeBlocks(input, { topBlocks, part, ...apply }) {
        checkTopBlocks(who, { topBlocks, ...(part && { part }), ...apply }, numLayers);
        check(input);
        const taps = Object.keys(mapChannels).slice(numLayers - topBlocks);
        return tf.tidy(() => {
          const { states } = run(input, apply, { numBlocks: numLayers, taps, part });
          return taps.map((name) => withoutRegisters(states[name]!));
        });
      },
      maps(images, { layers, ...apply }) {
        check({ images });
        const taps = wantedLayers(who, layers, mapChannels);
        const numBlocks = Object.keys(mapChannels).indexOf(taps.at(-1) ?? '') + 1;
        const [n, rows, columns] = [images.shape[0], images.shape[1] / patchSize, images.shape[2] / patchSize];
        return tf.tidy(() => {
          const { states } = run({ images }, apply, { numBlocks, taps });
          const grid = (tokens: tf.Tensor3D) => {
            return tf.reshape<tf.Rank.R4>(patchesOf(norm.apply(tokens, apply)), [n, rows, columns, width]);
          };
          return Object.fromEntries(taps.map((name) => [name, grid(states[name]!)]));
        });
      },
      apply: (images, apply) =>
        tf.tidy(() => {
          const states = encode({ images }, apply); // [n, 1 + patches, width]
          const [n, tokens] = states.shape;
          if (pooling === 'mean') return tf.mean<tf.Tensor2D>(tf.slice(states, [0, numFirst, 0], [n, tokens - numFirst, width]), 1);
          return tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [n, 1, width]), [n, width]);
        }),
      dispose() {
        for (const part of [patch, norm, ...blocks, position, classToken, registers, masked]) part?.dispose();
      },
    };
  };
  return Object.assign(create, {
    outputDim: width,
    mapChannels,
    patchSize,
    gridSize: shortSides(...grid),
    channels,
    hasClassToken: withClass,
  });
}

function checkPatchImages(
  who: string,
  input: { images: tf.Tensor4D; keep: tf.Tensor2D | undefined; mask: tf.Tensor2D | undefined },
  expected: { imageHeight: number; imageWidth: number; patchSize: number; channels: number; length: number; maskToken: boolean },
): void {
  const { images, keep, mask } = input;
  const { imageHeight, imageWidth, patchSize, channels, length, maskToken } = expected;
  const fail = (name: string, shape: string, got: tf.Tensor): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`${name}\` must have shape ${shape}, got [${got.shape.join(', ')}]`);
  };
  const [n, height, breadth] = images.shape;
  if (images.rank !== 4 || images.size === 0 || height % patchSize !== 0 || breadth % patchSize !== 0 || images.shape[3] !== channels)
    fail('images', `[n >= 1, height, width, ${channels}] with sides that are multiples of the patch size ${patchSize}`, images);
  if ((keep ?? mask) && (height !== imageHeight || breadth !== imageWidth))
    fail('images', `[n >= 1, ${imageHeight}, ${imageWidth}, ${channels}] to go with \`${keep ? 'keep' : 'mask'}\``, images);
  if (keep && (keep.rank !== 2 || keep.shape[0] !== n || keep.size === 0)) fail('keep', `[${n}, kept >= 1]`, keep);
  if (mask && mask.shape.join() !== [n, length].join()) fail('mask', `[${n}, ${length}]`, mask);
  for (const [name, tensor, dtype] of [
    ['images', images, 'float32'],
    ['keep', keep, 'int32'],
    ['mask', mask, 'float32'],
  ] as const)
    if (tensor && tensor.dtype !== dtype)
      throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`${name}\` must be ${dtype}, got ${tensor.dtype}`);
  if (mask && !maskToken)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`maskToken\` must be true to encode with a \`mask\`, got false`);
}

function checkAttentionMask(who: string, mask: tf.Tensor3D, tokens: tf.Tensor3D): void {
  const [n, length] = tokens.shape;
  if ([`${n},${length},${length}`, `1,${length},${length}`].includes(mask.shape.join())) return;
  throw new SelfsupError(
    'SELFSUP_SHAPE',
    `${who}: \`attentionMask\` must have shape [1 or ${n}, ${length}, ${length}], got [${mask.shape.join(', ')}]`,
  );
}

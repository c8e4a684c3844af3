import * as tf from '@tensorflow/tfjs-core';
import { drawPermutation, l2Normalize, SelfsupError, stopGradient, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { embeddingStd, memoryNce } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { checkViewPair } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { encodeParts, reorderParts } from './part-images.ts';
import { createProjectionNetworks, project, type NetworkFactories } from './projection-networks.ts';

/** What {@link pirl} trains on. */
export interface PirlBatch {
  /** Two float32 tensors `[n, height, width, channels]` of one shape: the images, and the images of which tiles are cut. */
  readonly views: readonly tf.Tensor4D[];
  /** int32 `[n]`: which of all images these are, from 0 on. */
  readonly indices: tf.Tensor1D;
  readonly [name: string]: tf.Tensor | readonly tf.Tensor[];
}

/** What {@link pirl} makes of a batch. */
export interface PirlTargets {
  /** The shuffled tiles of the second view, float32 `[n, tiles, side, side, channels]`. */
  readonly tiles: tf.Tensor5D;
  /** Which of all images these are, int32 `[n]`. */
  readonly indices: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** What {@link pirl} says about each image: unit rows `[n, outputDim]` of the image, `projections`, and of its tiles, `puzzles`. */
export type PirlEmbeddings = Readonly<Record<'projections' | 'puzzles', tf.Tensor2D>>;

/** What the loss of {@link pirl} keeps for the memory: the `projections` `[n, outputDim]`. */
export type PirlKept = Readonly<Record<'projections', tf.Tensor2D>>;

/** Options of {@link pirl}. */
export interface PirlOptions extends NetworkFactories {
  /** Makes the network from the projections of an image's tiles in a row, `[n, tiles · outputDim]`, to `[n, outputDim]`. */
  puzzleHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes the projection of each tile, `[rows, dim]` to `[rows, outputDim]`; the projection head of images is another one. */
  tileHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Cuts images into tiles `[n, tiles, side, side, channels]` in order; `tiles` of @selfsup/augment. */
  tiling: (images: tf.Tensor4D, rng: Rng) => tf.Tensor5D;
  /** Of how many images there is a memory, ≥ 2: all that are learned from. */
  numImages: number;
  /** Columns of the heads' outputs; default 128. */
  outputDim?: number;
  /** The similarities are divided by it; > 0, default 0.07. */
  temperature?: number;
  /** The weight of the loss of tiles, in [0, 1]; that of whole images has the rest. Default 0.5. */
  puzzleWeight?: number;
  /** Images whose memories are the negatives of a step, ≥ 1; default 32,000, or all where there are fewer. */
  numNegatives?: number;
  /** The weight of an image's old memory, in [0, 1]; default 0.5. */
  memoryMomentum?: number;
  /** Whether the tiles of each image come in a random order; default true. */
  shuffle?: boolean;
}

/** Rows of the memory at equal distances; the first one moves from step to step. */
function negativesOf(step: number, { numImages, count }: { numImages: number; count: number }): tf.Tensor1D {
  const distance = numImages / count;
  const start = Math.floor(((step * 0.6180339887) % 1) * distance); // the golden ratio: every row has its turn
  return tf.tensor1d(Int32Array.from({ length: count }, (_, i) => Math.floor(i * distance + start) % numImages));
}

/** The rows of the memory `[n, dim]` of some images, or their projections where they have none yet; without gradient. */
function recall(memory: tf.Tensor2D, { projections, indices }: { projections: tf.Tensor2D; indices: tf.Tensor1D }): tf.Tensor2D {
  const rows = tf.gather(memory, indices); // [n, dim]
  const isKnown = tf.tile(tf.greater(tf.sum(tf.square(rows), 1, true), 0), [1, rows.shape[1]]);
  return tf.where(isKnown, rows, stopGradient(projections));
}

/**
 * PIRL: an image, and its tiles put together in any order, must be alike: both must find the memory of the image among those of others.
 *
 * @param options see {@link PirlOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/`, `tileHead/` and `puzzleHead/`, its buffer `memory` `[numImages, outputDim]` has a unit
 * row for each image that was seen. The loss is puzzleWeight · `puzzleLoss` + (1 − puzzleWeight) · `imageLoss`, both `memoryNce`, which are metrics, as are `agreement`, the
 * mean cosine of an image and its tiles, and `zStd`, the mean deviation per dimension of the unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` when a head's output does not have `outputDim` columns; `SELFSUP_BATCH` without
 * two views or without indices; `SELFSUP_SHAPE` on views of different shapes or another number of indices; `SELFSUP_DTYPE` unless indices are int32
 * @see Misra, van der Maaten: "Self-Supervised Learning of Pretext-Invariant Representations", https://arxiv.org/abs/1912.01991
 * @remarks The memory moves after each step: an image's row becomes memoryMomentum · row + (1 − memoryMomentum) · projection, of unit length. It starts as
 * zeros, and an image without a row yet must find its projection of this step: where it starts as noise, as in the authors' code, the first epoch teaches noise.
 * Negatives are rows at equal distances instead of drawn ones, the same on every rank; an image's own row is none. Indices must be below `numImages`.
 * @example
 * ```ts
 * import { tiles } from '@selfsup/augment';
 * import { convNet, linear } from '@selfsup/encoders';
 * import { pirl } from '@selfsup/pretext-tasks/pirl';
 * const backbone = convNet({ channels: 3 });
 * const head = linear({ inputDim: backbone.outputDim, outputDim: 128 });
 * const puzzleHead = linear({ inputDim: 9 * 128, outputDim: 128 });
 * const task = pirl({ backbone, projectionHead: head, tileHead: head, puzzleHead, tiling: tiles({ size: 8 }), numImages: 5000 });
 * console.log(task.name);
 * ```
 */
export function pirl(options: PirlOptions): PretextTask<PirlBatch, PirlTargets, PirlEmbeddings, PirlKept> {
  const { numImages, tiling, outputDim = 128, temperature = 0.07, puzzleWeight = 0.5, numNegatives = 32000 } = options;
  const { memoryMomentum = 0.5, shuffle = true } = options;
  checkCounts('pirl', { outputDim, numNegatives });
  checkCounts('pirl', { numImages }, 2);
  checkPositive('pirl', { temperature });
  checkMomenta('pirl', { puzzleWeight, memoryMomentum });
  const count = Math.min(numNegatives, numImages);
  return {
    api: 1,
    name: 'pirl',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const { backbone } = networks;
      const tileHead = options.tileHead(rng.fold('tileHead'));
      const puzzleHead = options.puzzleHead(rng.fold('puzzleHead'));
      const memory = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>([numImages, outputDim]), false));
      const tileNetwork = {
        apply: (images: tf.Tensor4D, apply: Parameters<typeof backbone.apply>[1]) => tileHead.apply(backbone.apply(images, apply), apply),
      };
      return {
        encoders: { backbone },
        ...joinNetworks({ ...networks, tileHead, puzzleHead }, { memory }),
        targets({ views, indices }, { stream }) {
          const [images, whole] = checkViewPair('pirl', views);
          const tiles = tiling(whole, stream('tiling')); // [n, tiles, side, side, channels]
          const [n, count] = tiles.shape;
          const orders = Array.from({ length: n }, (_, i) => Array.from(drawPermutation(stream('orders').row(i, n), count)));
          return { tiles: shuffle ? reorderParts(tiles, orders) : tiles, indices: tf.clone(checkIndices(indices, images.shape[0])) };
        },
        embed({ views }, { tiles }, context) {
          const [images] = checkViewPair('pirl', views);
          const projections = l2Normalize(project(networks, images, applyOptions(context, 'images'))); // [n, outputDim]
          const apply = applyOptions(context, 'tiles');
          const puzzles = l2Normalize(puzzleHead.apply(encodeParts(tileNetwork, tiles, apply), apply)); // [n, outputDim]
          for (const { shape } of [projections, puzzles])
            if (shape[1] !== outputDim)
              throw optionError('pirl', { name: 'outputDim', expected: `${shape[1]}, the columns of a head`, got: outputDim });
          return { projections, puzzles };
        },
        loss({ projections, puzzles }, { indices }, { step }) {
          const positives = recall(memory, { projections, indices });
          const contrast = {
            indices,
            positives,
            temperature,
            normalized: true,
            ...(count < numImages && { negatives: negativesOf(step, { numImages, count }) }),
          };
          const puzzleLoss = memoryNce(puzzles, memory, contrast);
          const imageLoss = memoryNce(projections, memory, contrast);
          return {
            loss: tf.add<tf.Scalar>(tf.mul(puzzleLoss, puzzleWeight), tf.mul(imageLoss, 1 - puzzleWeight)),
            metrics: {
              puzzleLoss,
              imageLoss,
              agreement: tf.mean<tf.Scalar>(tf.sum(tf.mul(projections, puzzles), 1)),
              zStd: embeddingStd(projections, { normalized: true }),
            },
            keep: { projections },
          };
        },
        afterStep({ kept, targets: { indices } }) {
          const sums = tf.unsortedSegmentSum(kept.projections, indices, numImages); // [numImages, outputDim]
          const counts = tf.unsortedSegmentSum(tf.onesLike(tf.sum(kept.projections, 1)), indices, numImages); // [numImages]
          const fresh = tf.div(sums, tf.expandDims(tf.maximum(counts, 1), 1));
          const moved = l2Normalize(tf.add(tf.mul(memory, memoryMomentum), tf.mul(fresh, 1 - memoryMomentum)));
          const isSeen = tf.tile(tf.expandDims(tf.greater(counts, 0), 1), [1, outputDim]);
          memory.assign(tf.where(isSeen, moved, memory) as tf.Tensor2D);
        },
      };
    },
  };
}

/** The indices of a batch of so many images. */
function checkIndices(indices: tf.Tensor1D | undefined, images: number): tf.Tensor1D {
  if (!indices) throw new SelfsupError('SELFSUP_BATCH', 'pirl: the batch must have `indices`, int32 [n], got undefined');
  if (indices.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `pirl: \`indices\` must be int32, got ${indices.dtype}`);
  if (indices.shape.join() !== `${images}`)
    throw new SelfsupError('SELFSUP_SHAPE', `pirl: \`indices\` must have shape [${images}], got [${indices.shape.join(', ')}]`);
  return indices;
}

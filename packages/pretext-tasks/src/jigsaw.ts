import * as tf from '@tensorflow/tfjs-core';
import { drawUniform, SelfsupError, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';
import { encodeParts, reorderParts } from './part-images.ts';

export { jigsawPermutations, type JigsawPermutationsOptions } from './jigsaw-permutations.ts';

/** What {@link jigsaw} trains on: `images` float32 `[n, height, width, channels]`. */
export type JigsawBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link jigsaw} makes of a batch. */
export interface JigsawTargets {
  /** The shuffled tiles, float32 `[n, tiles, side, side, channels]`. */
  readonly tiles: tf.Tensor5D;
  /** By which permutation, int32 `[n]`. */
  readonly labels: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link jigsaw}. */
export interface JigsawOptions {
  /** Makes the backbone, which is kept: tiles `[n, side, side, channels]` to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the classifier, the features of all tiles of a puzzle in a row `[n, tiles · dim]` to logits `[n, permutations]`, thrown away afterwards. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Cuts images into tiles `[n, tiles, side, side, channels]` in order; `tiles` of @selfsup/augment. */
  tiling: (images: tf.Tensor4D, rng: Rng) => tf.Tensor5D;
  /** The classes: place k of a shuffled puzzle shows tile `permutation[k]`; see {@link jigsawPermutations}. */
  permutations: readonly (readonly number[])[];
}

function shuffle(tiles: tf.Tensor5D, orders: readonly (readonly number[])[]): tf.Tensor5D {
  if (orders[0]!.length !== tiles.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `jigsaw: \`permutations\` must be of the ${tiles.shape[1]} tiles that \`tiling\` cuts, got ${orders[0]!.length}`,
    );
  return reorderParts(tiles, orders);
}

/**
 * Jigsaw puzzles: the backbone sees each tile of a shuffled image on its own, and from all of its answers a head says how they were shuffled.
 *
 * @param options see {@link JigsawOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean cross entropy of the permutations; the metric is `accuracy`, one by
 * the number of permutations by chance
 * @throws SelfsupError `SELFSUP_OPTION` without two permutations of one length; from `targets` `SELFSUP_BATCH` without images, `SELFSUP_SHAPE` when the
 * permutations are not of as many tiles
 * @see Noroozi and Favaro: "Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles", https://arxiv.org/abs/1603.09246
 * @remarks All tiles of a batch pass the backbone together, so batch normalization takes its statistics over them. Each image gets one permutation per step.
 * @example
 * ```ts
 * import { tiles } from '@selfsup/augment';
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { jigsaw, jigsawPermutations } from '@selfsup/pretext-tasks/jigsaw';
 * const backbone = convNet({ channels: 3 });
 * const permutations = jigsawPermutations({ count: 24, numTiles: 4 });
 * const head = projectionHead({ inputDim: 4 * backbone.outputDim, hiddenDim: 256, outputDim: permutations.length });
 * const task = jigsaw({ backbone, head, tiling: tiles({ grid: 2, size: 14 }), permutations });
 * console.log(task.name);
 * ```
 */
export function jigsaw(options: JigsawOptions): PretextTask<JigsawBatch, JigsawTargets> {
  const { permutations, tiling } = options;
  if (permutations.length < 2 || permutations.some(({ length }) => length !== permutations[0]!.length))
    throw new SelfsupError('SELFSUP_OPTION', `jigsaw: \`permutations\` must be at least 2 lists of one length, got ${permutations.length}`);
  return {
    api: 1,
    name: 'jigsaw',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets({ images }: Partial<JigsawBatch>, { stream }) {
          if (!images) throw new SelfsupError('SELFSUP_BATCH', 'jigsaw: the batch must have `images`, got undefined');
          const draws = drawUniform(stream('permutation'), images.shape[0], { max: permutations.length });
          const labels = Int32Array.from(draws, (draw) => Math.min(permutations.length - 1, Math.floor(draw))); // float32 may round up to max
          const orders = Array.from(labels, (label) => permutations[label]!);
          return { tiles: shuffle(tiling(images, stream('tiling')), orders), labels: tf.tensor1d(labels, 'int32') };
        },
        loss(_, { tiles, labels }, context) {
          const apply = applyOptions(context, 'networks');
          const logits = head.apply(encodeParts(backbone, tiles, apply), apply); // [n, permutations]
          return { loss: maskedCrossEntropy(logits, labels), metrics: { accuracy: maskedAccuracy(logits, labels) } };
        },
      };
    },
  };
}

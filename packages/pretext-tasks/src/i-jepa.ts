import * as tf from '@tensorflow/tfjs-core';
import {
  createMomentumPair,
  linearWarmup,
  takeRows,
  valueAt,
  type ApplyOptions,
  type PretextTask,
  type Rng,
  type ScalarOrSchedule,
  type VariableMap,
} from '@selfsup/core';
import { embeddingStd, featureDistillationLoss, smoothL1Loss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { asBuffers } from './as-buffers.ts';
import { checkChoice, checkMomenta, optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages } from './patch-masking.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';
import { standardizeRows } from './standardize-rows.ts';

/** What {@link iJepa} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type IJepaBatch = Readonly<Record<'images', tf.Tensor4D>>;

/**
 * Draws, for `count` images, the patches that the encoder sees, `context` `[count, contextLength]`, and those of the blocks that are predicted, `targets`
 * `[count, numTargets, targetLength]`. `jepaBlocks` of @selfsup/augment makes one.
 */
export type BlockMasking = (
  images: { readonly count: number },
  rng: Rng,
) => { readonly context: Int32Array; readonly targets: Int32Array; readonly numTargets: number };

/** What {@link iJepa} needs of a predictor; `jepaPredictor` of @selfsup/encoders makes one. */
export interface PatchPredictor {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** What else must survive a restart. */
  readonly buffers: VariableMap;
  /** The states float32 `[n, asked, width]` of the patches `targets` int32 `[n, asked]` from `states` float32 `[n, seen, width]` of the patches `context`. */
  predict(
    states: tf.Tensor3D,
    patches: { readonly context: tf.Tensor2D; readonly targets: tf.Tensor2D },
    options: ApplyOptions,
  ): tf.Tensor3D;
  /** Disposes its variables. */
  dispose(): void;
}

/** Options of {@link iJepa}. */
export interface IJepaOptions {
  /** Makes the backbone, which is kept; the paper's has no class token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the network that predicts the states of the target blocks, thrown away afterwards. */
  predictor: (rng: Rng) => PatchPredictor;
  /** Draws the blocks. */
  masking: BlockMasking;
  /** The weight of the target encoder's old weights, in [0, 1], or a schedule over updates done; default a line from 0.996 to 1 over the whole run. */
  momentum?: ScalarOrSchedule;
  /** How far states are apart: `'smooth-l1'` (default), with β 1, or `'squared'`, as in the paper's eq. 1. */
  distance?: 'smooth-l1' | 'squared';
}

/**
 * What {@link iJepa} computes before the loss: the patches of `context` int32 `[n · contextLength]` and of each of the blocks `asked` int32
 * `[n · targetLength]`, and their `states` float32 `[numTargets · n · targetLength, width]`, block by block: what is predicted.
 */
export type IJepaTargets = Readonly<
  Record<'context', tf.Tensor1D> & Record<'asked', readonly tf.Tensor1D[]> & Record<'states', tf.Tensor2D>
>;

/**
 * I-JEPA: from the states of a large block of an image, a predictor tells the states of smaller ones, which a slowly moving copy of the encoder computes from
 * the whole image.
 *
 * @param options see {@link IJepaOptions}
 * @returns the task with the encoders `backbone` and `target`; trainable variables lie under `backbone/` and `predictor/`, the target encoder's among the
 * buffers under `target/`. The metric `targetStd` is the mean deviation per dimension of the unit target states: about 1/√width when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on a constant momentum outside [0, 1]; from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION` when the masking is for another number of patches
 * @see Assran et al.: "Self-Supervised Learning from Images with a Joint-Embedding Predictive Architecture", https://arxiv.org/abs/2301.08243
 * @remarks The target states are normalized over their columns, without scale and offset, epsilon 1e-5. The paper writes squared distances; training with the
 * smooth L1 distance is usual. The loss is the mean over all values. The authors evaluate the target encoder. They train with AdamW, weight decay 0.04 to 0.4.
 * @example
 * ```ts
 * import { jepaBlocks } from '@selfsup/augment';
 * import { jepaPredictor, vit } from '@selfsup/encoders';
 * import { iJepa } from '@selfsup/pretext-tasks/i-jepa';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, classToken: false });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const predictor = jepaPredictor({ inputDim, gridSize, width: 48, numLayers: 2, numHeads: 3 });
 * const task = iJepa({ backbone, predictor, masking: jepaBlocks({ gridSize }) });
 * console.log(task.name);
 * ```
 */
export function iJepa(options: IJepaOptions): PretextTask<IJepaBatch, IJepaTargets> {
  const { masking, distance = 'smooth-l1' } = options;
  checkMomenta('i-jepa', { momentum: options.momentum });
  checkChoice('i-jepa', { distance }, ['smooth-l1', 'squared']);
  return {
    api: 1,
    name: 'i-jepa',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? linearWarmup({ from: 0.996, to: 1, steps: totalSteps });
      const pair = createMomentumPair(options.backbone, rng.fold('backbone'));
      const { online: backbone, target } = pair;
      const predictor = options.predictor(rng.fold('predictor'));
      return {
        encoders: { backbone, target },
        ...joinNetworks({ backbone, predictor, target: asBuffers(target) }),
        targets(batch, context) {
          const images = checkImages('i-jepa', batch.images);
          const n = images.shape[0];
          const length = (images.shape[1] / backbone.patchSize) * (images.shape[2] / backbone.patchSize);
          const blocks = blocksOf(masking({ count: n }, context.stream('masking')), { n, length });
          const all = patchStates(target.encode({ images }, { ...applyOptions(context, 'target'), training: false }), length);
          const width = all.shape[2];
          const normalized = tf.reshape(standardizeRows(tf.reshape(all, [n * length, width])), [n, length, width]);
          const states = blocks.asked.map((asked) => takeRows(normalized, tf.reshape(asked, [n, -1]), { batchDims: 1 }));
          return { ...blocks, states: tf.reshape<tf.Rank.R2>(tf.concat(states, 0), [-1, width]) };
        },
        loss(batch, { context, asked, states }, step) {
          const apply = applyOptions(step, 'networks');
          const images = checkImages('i-jepa', batch.images);
          const rows = (patches: tf.Tensor1D) => tf.reshape<tf.Rank.R2>(patches, [images.shape[0], -1]);
          const keep = rows(context); // [n, contextLength]
          const seen = patchStates(backbone.encode({ images, keep }, apply), keep.shape[1]); // [n, contextLength, width]
          const repeated = tf.tile(seen, [asked.length, 1, 1]); // each block is predicted on its own
          const patches = { context: tf.tile(keep, [asked.length, 1]), targets: tf.concat(asked.map(rows), 0) };
          const predictions = tf.reshape<tf.Rank.R2>(predictor.predict(repeated, patches, apply), states.shape);
          return {
            loss:
              distance === 'squared' ? featureDistillationLoss(predictions, states, { measure: 'mse' }) : smoothL1Loss(predictions, states),
            metrics: { targetStd: embeddingStd(states) },
          };
        },
        afterStep(_, { step }) {
          pair.update(valueAt(momentum, step));
        },
      };
    },
  };
}

/** The blocks of `n` images of `length` patches as tensors. */
function blocksOf(
  { context, targets, numTargets }: ReturnType<BlockMasking>,
  { n, length }: { n: number; length: number },
): Pick<IJepaTargets, 'context' | 'asked'> {
  const fits = (patches: Int32Array, rows: number) =>
    patches.length > 0 && patches.length % rows === 0 && patches.every((patch) => patch >= 0 && patch < length);
  if (!fits(context, n) || !fits(targets, n * numTargets))
    throw optionError('i-jepa', {
      name: 'masking',
      expected: `one that draws blocks of the ${length} patches that the backbone sees in each of ${n} images`,
      got: `${context.length} patches of contexts and ${targets.length} of targets, up to number ${Math.max(...context, ...targets)}`,
    });
  const each = targets.length / n / numTargets;
  const block = (index: number) =>
    Int32Array.from({ length: n * each }, (_, i) => targets[(Math.floor(i / each) * numTargets + index) * each + (i % each)]!);
  return {
    context: tf.tensor1d(context, 'int32'),
    asked: Array.from({ length: numTargets }, (_, index) => tf.tensor1d(block(index), 'int32')),
  };
}

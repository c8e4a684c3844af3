import * as tf from '@tensorflow/tfjs-core';
import { drawUniform, SelfsupError, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { allPermutations } from './jigsaw-permutations.ts';
import { joinNetworks } from './join-networks.ts';
import { encodeParts, reorderParts } from './part-images.ts';

/** Options of {@link frameOrders}. */
export interface FrameOrdersOptions {
  /** Frames in a clip; default 4, an integer from 3 to 6. */
  numFrames?: number;
  /**
   * Whether a clip and its reverse are one class (`'merged'`, default, as in the paper: many movements look the same backwards) or two (`'distinct'`).
   */
  reversed?: 'merged' | 'distinct';
}

/**
 * The classes of {@link frameOrder}: the orders in which the frames of a clip can be shown.
 *
 * @param options see {@link FrameOrdersOptions}
 * @returns numFrames! permutations of 0 … numFrames − 1, sorted, or the half of them whose first number is smaller than their last
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Lee et al.: "Unsupervised Representation Learning by Sorting Sequences", https://arxiv.org/abs/1708.01246
 * @example
 * ```ts
 * import { frameOrders } from '@selfsup/pretext-tasks/frame-order';
 * console.log(frameOrders().length); // 12
 * ```
 */
export function frameOrders(options: FrameOrdersOptions = {}): readonly (readonly number[])[] {
  const { numFrames = 4, reversed = 'merged' } = options;
  if (!Number.isSafeInteger(numFrames) || numFrames < 3 || numFrames > 6)
    throw new SelfsupError('SELFSUP_OPTION', `frameOrders: \`numFrames\` must be an integer from 3 to 6, got ${numFrames}`);
  if (!['merged', 'distinct'].includes(reversed))
    throw new SelfsupError('SELFSUP_OPTION', `frameOrders: \`reversed\` must be merged or distinct, got ${String(reversed)}`);
  const all = allPermutations(numFrames);
  const orders = Array.from({ length: all.length / numFrames }, (_, i) => [...all.subarray(i * numFrames, (i + 1) * numFrames)]);
  orders.sort((a, b) => a.reduce((found, frame, k) => found || frame - b[k]!, 0));
  return reversed === 'merged' ? orders.filter((order) => order[0]! < order.at(-1)!) : orders;
}

/** What {@link frameOrder} trains on: `frames` float32 `[n, numFrames, height, width, channels]`, clips in the order in which they were filmed. */
export type FrameOrderBatch = Readonly<Record<'frames', tf.Tensor5D>>;

/** What {@link frameOrder} makes of a batch. */
export interface FrameOrderTargets {
  /** The frames in another order, float32 `[n, numFrames, height, width, channels]`. */
  readonly shuffled: tf.Tensor5D;
  /** In which of {@link frameOrders}, int32 `[n]`. */
  readonly labels: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link frameOrder}. */
export interface FrameOrderOptions extends FrameOrdersOptions {
  /** Makes the backbone, which is kept: frames `[n, height, width, channels]` to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the classifier, the features of a clip's frames in a row `[n, numFrames · dim]` to logits `[n, orders]`, thrown away afterwards. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/** One of all orders for each of n clips: its class and the order itself; of two merged ones each comes up in half of the cases. */
function drawOrders(orders: readonly (readonly number[])[], n: number, draw: { rng: Rng; merged: boolean }) {
  const draws = drawUniform(draw.rng, 2 * n);
  const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(draws[2 * i]! * orders.length));
  const shown = Array.from(labels, (label, i) => (draw.merged && draws[2 * i + 1]! < 0.5 ? [...orders[label]!].reverse() : orders[label]!));
  return { labels, shown };
}

/**
 * Sorting sequences: the backbone sees each frame of a shuffled clip on its own, and from all of its answers a head says in which order they are.
 *
 * @param options see {@link FrameOrderOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean cross entropy of the orders; the metric is `accuracy`, one by the
 * number of orders by chance: 1/12 for four frames
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` `SELFSUP_BATCH` without frames, `SELFSUP_SHAPE` when they are not clips of
 * `numFrames`
 * @see Lee et al.: "Unsupervised Representation Learning by Sorting Sequences", https://arxiv.org/abs/1708.01246; Misra et al.: "Shuffle and Learn",
 * https://arxiv.org/abs/1603.08561
 * @remarks The features of all frames are put in a row, where the paper first compares them in pairs. All frames of a batch pass the backbone together, so batch
 * normalization takes its statistics over them. The paper also picks frames with motion and jitters their crops and channels; clips come in as they are.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { frameOrder, frameOrders } from '@selfsup/pretext-tasks/frame-order';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: 4 * backbone.outputDim, hiddenDim: 256, outputDim: frameOrders({ numFrames: 4 }).length });
 * const task = frameOrder({ backbone, head, numFrames: 4 });
 * console.log(task.name);
 * ```
 */
export function frameOrder(options: FrameOrderOptions): PretextTask<FrameOrderBatch, FrameOrderTargets> {
  const { numFrames = 4, reversed = 'merged' } = options;
  const orders = frameOrders({ numFrames, reversed });
  return {
    api: 1,
    name: 'frame-order',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets({ frames }: Partial<FrameOrderBatch>, { stream }) {
          if (!frames) throw new SelfsupError('SELFSUP_BATCH', 'frame-order: the batch must have `frames`, got undefined');
          if (frames.rank !== 5 || frames.shape[1] !== numFrames)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `frame-order: \`frames\` must have shape [n, ${numFrames}, height, width, channels], got [${frames.shape.join(', ')}]`,
            );
          const { labels, shown } = drawOrders(orders, frames.shape[0], { rng: stream('order'), merged: reversed === 'merged' });
          return { shuffled: reorderParts(frames, shown), labels: tf.tensor1d(labels, 'int32') };
        },
        loss(_, { shuffled, labels }, context) {
          const apply = applyOptions(context, 'networks');
          const logits = head.apply(encodeParts(backbone, shuffled, apply), apply); // [n, orders]
          return { loss: maskedCrossEntropy(logits, labels), metrics: { accuracy: maskedAccuracy(logits, labels) } };
        },
      };
    },
  };
}

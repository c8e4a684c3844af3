import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, tripletLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkWeights } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';

/** What {@link timeContrastive} trains on: `frames` float32 `[n, numFrames, height, width, channels]`, clips in the order in which they were filmed. */
export type TimeContrastiveBatch = Readonly<Record<'frames', tf.Tensor5D>>;

/** How far apart frames are in {@link timeContrastive}. */
export interface TimeWindows {
  /** Frames at most so far from the anchor are its positives, ≥ 1; default 1. */
  positiveWindow?: number;
  /** Frames further from the anchor than this are its negatives, ≥ `positiveWindow`; default twice as far. */
  negativeWindow?: number;
}

/** Options of {@link timeContrastive}. */
export interface TimeContrastiveOptions extends TimeWindows {
  /** Makes the backbone, which is kept: frames `[n, height, width, channels]` to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the network between the backbone and the loss, thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** By how much the squared distance of unit rows to the negative is to be larger than that to the positive, ≥ 0; default 0.2. */
  margin?: number;
}

/**
 * All anchors of a clip with a positive and a negative, as numbers of frames. Internal.
 *
 * @throws SelfsupError `SELFSUP_SHAPE` when the clip is too short for one
 */
function tripletsOf(
  numFrames: number,
  { positiveWindow, negativeWindow }: Required<TimeWindows>,
): Readonly<Record<'anchor' | 'positive' | 'negative', number[]>> {
  const triplets: Record<'anchor' | 'positive' | 'negative', number[]> = { anchor: [], positive: [], negative: [] };
  for (let anchor = 0; anchor < numFrames; anchor++)
    for (let positive = 0; positive < numFrames; positive++)
      for (let negative = 0; negative < numFrames; negative++) {
        const [near, far] = [Math.abs(anchor - positive), Math.abs(anchor - negative)];
        if (near === 0 || near > positiveWindow || far <= negativeWindow) continue;
        triplets.anchor.push(anchor);
        triplets.positive.push(positive);
        triplets.negative.push(negative);
      }
  if (triplets.anchor.length === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `time-contrastive: \`frames\` must have clips of at least ${negativeWindow + 2} frames for a \`negativeWindow\` of ${negativeWindow}, got ${numFrames}`,
    );
  return triplets;
}

/**
 * Time-contrastive learning from a single view: a frame is to be nearer to one just before or after it than to one of the same video that is further away.
 *
 * @param options see {@link TimeContrastiveOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `tripletLoss` of all triplets of each clip, of rows of length 1; the
 * metrics are `accuracy`, in which part of the triplets the positive is nearer, and `zStd`, the mean deviation per dimension of the unit rows: about 1/√dim
 * when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `loss` `SELFSUP_BATCH` without frames, `SELFSUP_SHAPE` when they are not clips that are
 * long enough
 * @see Sermanet et al.: "Time-Contrastive Networks: Self-Supervised Learning from Video", section 3.1, single-view TCN, https://arxiv.org/abs/1704.06888
 * @remarks The paper draws an anchor of a sequence, a positive within a window and a negative outside of one twice as large; here all triplets of a clip are
 * used, which costs no more passes of the backbone. Nothing is compared across videos, so what never changes within one is not learned. All frames of a batch
 * pass the networks together, so batch normalization takes its statistics over them.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { timeContrastive } from '@selfsup/pretext-tasks/time-contrastive';
 * const backbone = convNet({ channels: 3 });
 * const task = timeContrastive({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim: 32 }) });
 * console.log(task.name);
 * ```
 */
export function timeContrastive(options: TimeContrastiveOptions): PretextTask<TimeContrastiveBatch> {
  const { positiveWindow = 1, negativeWindow = 2 * positiveWindow, margin = 0.2 } = options;
  checkCounts('time-contrastive', { positiveWindow });
  checkCounts('time-contrastive', { negativeWindow }, positiveWindow);
  checkWeights('time-contrastive', { margin });
  return {
    api: 1,
    name: 'time-contrastive',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const projectionHead = options.projectionHead(rng.fold('projectionHead'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, projectionHead }),
        loss({ frames }: Partial<TimeContrastiveBatch>, _: Targets, context) {
          if (!frames) throw new SelfsupError('SELFSUP_BATCH', 'time-contrastive: the batch must have `frames`, got undefined');
          if (frames.rank !== 5)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `time-contrastive: \`frames\` must have shape [n, numFrames, height, width, channels], got [${(frames as tf.Tensor).shape.join(', ')}]`,
            );
          const [n, numFrames, ...size] = frames.shape;
          const triplets = tripletsOf(numFrames, { positiveWindow, negativeWindow });
          const apply = applyOptions(context, 'networks');
          const features = backbone.apply(tf.reshape<tf.Rank.R4>(frames, [n * numFrames, ...size]), apply);
          const z = l2Normalize(projectionHead.apply(features, apply)); // [n * numFrames, dim]
          const rowsOf = (numbers: readonly number[]): tf.Tensor2D => {
            const rows = Array.from({ length: n }, (_, clip) => numbers.map((frame) => clip * numFrames + frame)).flat();
            return tf.gather(z, tf.tensor1d(rows, 'int32')); // [n * triplets, dim]
          };
          const [anchor, positive, negative] = [rowsOf(triplets.anchor), rowsOf(triplets.positive), rowsOf(triplets.negative)];
          const distance = (other: tf.Tensor2D) => tf.sum(tf.square(tf.sub(anchor, other)), 1);
          return {
            loss: tripletLoss({ anchor, positive, negative }, { margin }),
            metrics: {
              accuracy: tf.mean<tf.Scalar>(tf.cast(tf.less(distance(positive), distance(negative)), 'float32')),
              zStd: embeddingStd(z, { normalized: true }),
            },
          };
        },
      };
    },
  };
}

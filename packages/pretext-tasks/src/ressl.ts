import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, resslLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories } from './projection-networks.ts';

/** What {@link ressl} trains on: `views`, two float32 tensors `[n, height, width, channels]`: strongly altered images for the student, weakly altered ones for the teacher. */
export type ResslBatch = ViewPairBatch;

/** What {@link ressl} computes without a tape: `teacherProjections`, unit rows `[n, outputDim]` of the second view. */
export type ResslTargets = Readonly<Record<'teacherProjections', tf.Tensor2D>>;

/** What {@link ressl} says about each image: `projections`, unit rows `[n, outputDim]` of the first view. */
export type ResslEmbeddings = Readonly<Record<'projections', tf.Tensor2D>>;

/** Options of {@link ressl}. */
export interface ResslOptions extends NetworkFactories {
  /** Columns of the projection head's output; default 512. */
  outputDim?: number;
  /** The student's similarities are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's similarities are divided by it; > 0, default 0.04. */
  teacherTemperature?: number;
  /** Weight of the teacher's old weights, in [0, 1], or a schedule over updates done; default 0.999. */
  momentum?: ScalarOrSchedule;
  /** The teacher's projections in the queue, ≥ 1; default 131,072. Need not be a multiple of the batch. */
  queueSize?: number;
}

/** The mean entropy in nats of how the teacher relates images to the queue: log queueSize says nothing, 0 names one image. */
function relationEntropy(relations: tf.Tensor): tf.Scalar {
  const probabilities = tf.softmax(relations);
  return tf.neg(tf.mean(tf.sum(tf.mul(probabilities, tf.log(tf.maximum(probabilities, 1e-30))), 1)));
}

/**
 * ReSSL: a strongly altered view must be as similar to other images as a weakly altered one is to a slowly moving copy of the networks.
 *
 * @param options see {@link ResslOptions}
 * @returns the task with the encoders `backbone` and `teacher`; its variables lie under `backbone/` and `projectionHead/`, its buffers under `teacher/` and in
 * `queue` `[queueSize, outputDim]`, newest first. The loss is `resslLoss`; the metrics are `zStd`, the mean deviation per dimension of the student's unit
 * projections (0: collapsed), `relationEntropy`, the mean entropy of the targets in nats (log queueSize: they say nothing), and `queueAge`, the mean number of
 * steps since a row of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Zheng et al.: "ReSSL: Relational Self-Supervised Learning with Weak Augmentation", https://arxiv.org/abs/2107.09282
 * @remarks The views differ on purpose: the teacher's must be altered weakly, only cropped and mirrored, and its temperature must be lower. The loss sees the queue
 * as it was before this batch. The teacher moves after each update. The teacher's projections of all micro-batches and ranks are enqueued.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { ressl } from '@selfsup/pretext-tasks/ressl';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 128 });
 * const task = ressl({ backbone, projectionHead: head, outputDim: 128, queueSize: 4096, momentum: 0.99 });
 * console.log(task.name);
 * ```
 */
export function ressl(options: ResslOptions): PretextTask<ResslBatch, ResslTargets, ResslEmbeddings> {
  const { outputDim = 512, studentTemperature = 0.1, teacherTemperature = 0.04, momentum = 0.999, queueSize = 131072 } = options;
  checkCounts('ressl', { outputDim, queueSize });
  checkPositive('ressl', { studentTemperature, teacherTemperature });
  checkMomenta('ressl', { momentum });
  return {
    api: 1,
    name: 'ressl',
    create({ rng }) {
      const { online: student, target: teacher, copies, update } = createMomentumNetworks(options, rng, 'teacher');
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: student.backbone, teacher: teacher.backbone },
        ...joinNetworks({ ...student, ...copies }, { queue: queue.keys }),
        targets({ views }, context) {
          const [, weak] = checkViewPair('ressl', views);
          const teacherProjections = l2Normalize(project(teacher, weak, applyOptions(context, 'teacher'))); // [n, outputDim]
          const columns = teacherProjections.shape[1];
          if (columns !== outputDim)
            throw optionError('ressl', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { teacherProjections };
        },
        embed({ views }, _, context) {
          const [strong] = checkViewPair('ressl', views);
          return { projections: l2Normalize(project(student, strong, applyOptions(context, 'student'))) };
        },
        loss({ projections }, { teacherProjections }, { step, training }) {
          const rows = projections.shape[0];
          if (training) queue.check('ressl', rows);
          const related = tf.matMul(tf.div<tf.Tensor2D>(teacherProjections, teacherTemperature), queue.keys, false, true); // [n, queueSize]
          return {
            loss: resslLoss(projections, teacherProjections, {
              queue: queue.keys,
              studentTemperature,
              teacherTemperature,
              normalized: true,
            }),
            metrics: {
              zStd: embeddingStd(projections, { normalized: true }),
              relationEntropy: relationEntropy(related),
              queueAge: tf.scalar(queue.meanAge(rows, step)),
            },
          };
        },
        afterStep({ targets: { teacherProjections } }, { step }) {
          update(valueAt(momentum, step));
          queue.enqueue(teacherProjections);
        },
      };
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { cosine, emaUpdate, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { dinoLoss, embeddingStd } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkMomenta, checkTemperatures, refuseOption } from './check-options.ts';
import { collapseEntropies } from './collapse-entropies.ts';
import type { NetworkFactories } from './projection-networks.ts';
import { createTeacherNetworks } from './teacher-networks.ts';

/**
 * What {@link dino} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: first two global crops of one
 * size, which the teacher sees too, then any number of local ones of other sizes.
 */
export type DinoBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link dino} computes without a tape: `logits`, the teacher's of both global views, `[2n, outputDim]`, neither centred nor divided. */
export type DinoTargets = Readonly<Record<'logits', tf.Tensor2D>>;

/** Options of {@link dino}; `projectionHead` is `dinoHead` of `@selfsup/encoders`. */
export interface DinoOptions extends NetworkFactories {
  /** Columns of the projection head's output; default 65,536. */
  outputDim?: number;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's logits are divided by it; > 0, default 0.04. The authors' warm-up: `linearWarmup({ from: 0.04, to: 0.07, steps })` over 30 epochs. */
  teacherTemperature?: ScalarOrSchedule;
  /** The weight of the teacher's old weights, in [0, 1]; default a cosine from 0.996 to 1 over the run. */
  momentum?: ScalarOrSchedule;
  /** Whether the center is subtracted from the teacher's logits; default true. False is the paper's ablation, which collapses. */
  centering?: boolean;
  /** The weight of the old center, in [0, 1]; default 0.9. */
  centerMomentum?: number;
  /** During so many first steps the variables under `lastLayer/` are frozen; default 0. The authors freeze them for one epoch. */
  freezeLastLayerSteps?: number;
}

const LAST_LAYER = 'projectionHead/lastLayer/';

/**
 * DINO: a student learns, from any crop of an image, what its slowly moving copy makes of another, larger one; centring and sharpening keep it from collapsing.
 *
 * @param options see {@link DinoOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`, its buffers under `teacher/backbone/`, `teacher/projectionHead/` and in
 * `center` `[outputDim]`. The loss is `dinoLoss`; the metrics are `zStd`, the mean deviation per dimension of the student's unit logits (0: collapsed),
 * `teacherEntropy` of a target (log outputDim: collapsed to uniform targets), `usageEntropy` of the mean target of the batch (0: collapsed to one output), and
 * `klDivergence`, the loss without the targets' entropy, which is 0 after either collapse
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, on frozen steps without a `lastLayer`, and from `targets` when the head's output has not
 * `outputDim` columns; `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views whose shapes do not fit
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", algorithm 1, https://arxiv.org/abs/2104.14294
 * @remarks As in the authors' code neighbouring crops of one size pass the backbone together and all features the head; the center moves after the loss, by
 * the mean of raw logits over both views and all ranks, and the teacher after the update. Of several micro-batches only the last one moves the center. The
 * authors evaluate the teacher: restore it with `prefix: 'teacher/backbone'`. `vit` of `@selfsup/encoders` takes one size of images: with it all views must
 * have that size; ConvNet and ResNets take any. The rest of the recipe is the optimizer's: `clipByNorm(3)`, `adamW` with schedules of rate and decay.
 * @example
 * ```ts
 * import { convNet, dinoHead } from '@selfsup/encoders';
 * import { dino } from '@selfsup/pretext-tasks/dino';
 * const backbone = convNet({ channels: 3 });
 * const task = dino({ backbone, projectionHead: dinoHead({ inputDim: backbone.outputDim, outputDim: 4096 }), outputDim: 4096 });
 * console.log(task.name);
 * ```
 */
export function dino(options: DinoOptions): PretextTask<DinoBatch, DinoTargets> {
  const { outputDim = 65536, studentTemperature = 0.1, teacherTemperature = 0.04, momentum: fixed } = options;
  const { centering = true, centerMomentum = 0.9, freezeLastLayerSteps = 0 } = options;
  checkCounts('dino', { outputDim }, 1);
  checkCounts('dino', { freezeLastLayerSteps }, 0);
  checkTemperatures('dino', { studentTemperature, teacherTemperature });
  checkMomenta('dino', { momentum: fixed, centerMomentum });
  return {
    api: 1,
    name: 'dino',
    create({ rng: root, totalSteps }) {
      const networks = createTeacherNetworks(options, root);
      if (freezeLastLayerSteps > 0 && !Object.keys(networks.trainable).some((path) => path.startsWith(LAST_LAYER))) {
        networks.dispose();
        throw refuseOption('dino', 'freezeLastLayerSteps', ['0 for a head without `lastLayer`', freezeLastLayerSteps]);
      }
      const momentum = fixed ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const center = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([outputDim]), false));
      return {
        backbone: networks.backbone,
        trainable: networks.trainable,
        buffers: { ...networks.buffers, center },
        targets({ views }, { rng, step, training, collective }) {
          const stream = rng.fold('dino teacher').fold(step).fold(collective.rank);
          const logits = networks.encodeTeacher(checkCrops('dino', views).slice(0, 2), { training, rng: stream }); // [2n, outputDim]
          if (logits.shape[1] !== outputDim) throw refuseOption('dino', 'outputDim', [`${logits.shape[1]}, the head's columns`, outputDim]);
          return { logits };
        },
        loss({ views }, { logits }, { rng, step, training, collective }) {
          const stream = rng.fold('dino').fold(step).fold(collective.rank);
          const output = networks.encodeStudent(checkCrops('dino', views), { training, rng: stream }); // [views · n, outputDim]
          const student = tf.split<tf.Tensor2D>(output, views.length);
          const temperature = valueAt(teacherTemperature, step);
          const temperatures = { studentTemperature, teacherTemperature: temperature };
          const loss = dinoLoss(student, tf.split<tf.Tensor2D>(logits, 2), { ...temperatures, ...(centering && { center }) });
          const entropies = collapseEntropies(centering ? tf.sub(logits, center) : logits, temperature);
          return {
            loss,
            metrics: { zStd: embeddingStd(student[0]!), ...entropies, klDivergence: tf.sub(loss, entropies.teacherEntropy) },
          };
        },
        transformGradients(gradients, { step }) {
          const frozen = (path: string) => step < freezeLastLayerSteps && path.startsWith(LAST_LAYER);
          return Object.fromEntries(Object.entries(gradients).map(([path, gradient]) => [path, frozen(path) ? null : gradient]));
        },
        afterStep({ logits }, { step, collective }) {
          networks.update(valueAt(momentum, step));
          const fresh = tf.mean<tf.Tensor1D>(collective.allGather(tf.mean(logits, 0, true)), 0); // [outputDim]
          center.assign(emaUpdate(center, fresh, centerMomentum));
        },
        dispose() {
          networks.dispose();
          center.dispose();
        },
      };
    },
  };
}

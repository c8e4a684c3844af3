import * as tf from '@tensorflow/tfjs-core';
import { cosine, emaUpdate, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { dinoLoss, embeddingStd } from '@selfsup/losses';
import { applyOptions, teacherOptions } from './apply-options.ts';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { encodeCrops } from './encode-crops.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { assertLastLayer, LAST_LAYERS } from './last-layers.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import type { NetworkFactories } from './projection-networks.ts';
import { entropiesOf } from './target-entropies.ts';

/**
 * What {@link dino} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: first two global crops of one
 * size, which the teacher sees too, then any number of local ones of other sizes.
 */
export type DinoBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link dino} computes without a tape: `teacherLogits` `[n, outputDim]` of both global crops, before the center is subtracted and before the division. */
export type DinoTargets = Readonly<Record<'teacherLogits', readonly tf.Tensor2D[]>>;

/** What {@link dino} says about each image: `studentLogits` `[n, outputDim]` of every crop. */
export type DinoEmbeddings = Readonly<Record<'studentLogits', readonly tf.Tensor2D[]>>;

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
  /** For how many steps at the start the variables under `lastLayer/` are frozen; an integer ≥ 0, default 0. The authors freeze them for one epoch. */
  freezeLastLayerSteps?: number;
}

/**
 * DINO: a student learns, from any crop of an image, what its slowly moving copy makes of another, larger one; centering and sharpening keep it from collapsing.
 *
 * @param options see {@link DinoOptions}
 * @returns the task with the encoders `backbone` and `teacher`; its variables lie under `backbone/` and `projectionHead/`, its buffers under
 * `teacher/backbone/`, `teacher/projectionHead/` and in `center` `[outputDim]`. The loss is `dinoLoss`; the metrics are `zStd`, the mean deviation per
 * dimension of the student's unit logits (0: collapsed), `teacherEntropy` of a target (log outputDim: collapsed to uniform targets), `usageEntropy` of the mean
 * target of the batch (0: collapsed to one output), `targetInformation`, their difference, and `klDivergence`, the loss without the targets' entropy, which are
 * 0 after either collapse
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, on frozen steps without a `lastLayer`, and from `targets` when the head's output does not
 * have `outputDim` columns; `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views whose shapes do not fit
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", algorithm 1, https://arxiv.org/abs/2104.14294
 * @remarks As in the authors' code neighboring crops of one size pass the backbone together and all features the head; the center moves after the loss, by the
 * mean of raw logits over both views of the whole update, and the teacher after it. The authors evaluate the teacher: `run.encoders.teacher`. `vit` of
 * `@selfsup/encoders` takes crops whose sides are multiples of its patch size, ConvNet and ResNets any. The rest of the recipe is the optimizer's:
 * `clipByNorm(3)`, `adamW` with schedules of rate and decay.
 * @example
 * ```ts
 * import { convNet, dinoHead } from '@selfsup/encoders';
 * import { dino } from '@selfsup/pretext-tasks/dino';
 * const backbone = convNet({ channels: 3 });
 * const task = dino({ backbone, projectionHead: dinoHead({ inputDim: backbone.outputDim, outputDim: 4096 }), outputDim: 4096 });
 * console.log(task.name);
 * ```
 */
export function dino(options: DinoOptions): PretextTask<DinoBatch, DinoTargets, DinoEmbeddings> {
  const { outputDim = 65536, studentTemperature = 0.1, teacherTemperature = 0.04 } = options;
  const { centering = true, centerMomentum = 0.9, freezeLastLayerSteps = 0 } = options;
  checkCounts('dino', { outputDim });
  checkCounts('dino', { freezeLastLayerSteps }, 0);
  checkPositive('dino', { studentTemperature, teacherTemperature });
  checkMomenta('dino', { momentum: options.momentum, centerMomentum });
  return {
    api: 1,
    name: 'dino',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const { online: student, target: teacher, copies, update } = createMomentumNetworks(options, rng, 'teacher');
      const center = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([outputDim]), false));
      const joined = joinNetworks({ ...student, ...copies }, { center });
      assertLastLayer('dino', joined, freezeLastLayerSteps);
      return {
        encoders: { backbone: student.backbone, teacher: teacher.backbone },
        ...joined,
        targets({ views }, context) {
          const logits = encodeCrops(teacher, checkCrops('dino', views).slice(0, 2), teacherOptions(context)); // [2n, outputDim]
          const columns = logits.shape[1];
          if (columns !== outputDim)
            throw optionError('dino', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { teacherLogits: tf.split<tf.Tensor2D>(logits, 2) };
        },
        embed({ views }, _, context) {
          const logits = encodeCrops(student, checkCrops('dino', views), applyOptions(context, 'student')); // [crops · n, outputDim]
          return { studentLogits: tf.split<tf.Tensor2D>(logits, views.length) };
        },
        loss({ studentLogits }, { teacherLogits }, { step }) {
          const temperatures = { studentTemperature, teacherTemperature: valueAt(teacherTemperature, step) };
          const loss = dinoLoss(studentLogits, teacherLogits, { ...temperatures, ...(centering && { center }) });
          const raw = tf.concat([...teacherLogits], 0);
          const entropies = entropiesOf(tf.softmax(tf.div(centering ? tf.sub(raw, center) : raw, temperatures.teacherTemperature)));
          const klDivergence = tf.sub<tf.Scalar>(loss, entropies.teacherEntropy);
          return { loss, metrics: { zStd: embeddingStd(studentLogits[0]!), ...entropies, klDivergence } };
        },
        transformGradients: freezeGradients(LAST_LAYERS, freezeLastLayerSteps),
        afterStep({ targets: { teacherLogits } }, { step }) {
          update(valueAt(momentum, step));
          const mean = tf.mean<tf.Tensor1D>(tf.concat([...teacherLogits], 0), 0); // [outputDim]
          center.assign(emaUpdate(center, mean, centerMomentum));
        },
      };
    },
  };
}

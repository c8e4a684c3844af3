import * as tf from '@tensorflow/tfjs-core';
import { cosine, valueAt, type PretextTask } from '@selfsup/core';
import { dinoLoss, embeddingStd } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { optionError } from './check-options.ts';
import { collapseEntropies } from './collapse-entropies.ts';
import { checkDinoOptions, type DinoOptions } from './dino-options.ts';
import { encodeCrops } from './encode-crops.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { applyOptions } from './step-stream.ts';
import { createTeacherCenter } from './teacher-center.ts';

/**
 * What {@link dino} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: first two global crops of one
 * size, which the teacher sees too, then any number of local ones of other sizes.
 */
export type DinoBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link dino} computes without a tape: `logits`, the teacher's of both global views, `[2n, outputDim]`, neither centered nor divided. */
export type DinoTargets = Readonly<Record<'logits', tf.Tensor2D>>;

export type { DinoOptions } from './dino-options.ts';

const LAST_LAYER = 'projectionHead/lastLayer/';

/**
 * DINO: a student learns, from any crop of an image, what its slowly moving copy makes of another, larger one; centering and sharpening keep it from collapsing.
 *
 * @param options see {@link DinoOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`, its buffers under `teacher/backbone/`, `teacher/projectionHead/` and in
 * `center` `[outputDim]`. The loss is `dinoLoss`; the metrics are `zStd`, the mean deviation per dimension of the student's unit logits (0: collapsed),
 * `teacherEntropy` of a target (log outputDim: collapsed to uniform targets), `usageEntropy` of the mean target of the batch (0: collapsed to one output),
 * `targetInformation`, their difference, and `klDivergence`, the loss without the targets' entropy, which are 0 after either collapse
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, on frozen steps without a `lastLayer`, and from `targets` when the head's output has not
 * `outputDim` columns; `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views whose shapes do not fit
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", algorithm 1, https://arxiv.org/abs/2104.14294
 * @remarks As in the authors' code neighboring crops of one size pass the backbone together and all features the head; the center moves after the loss, by
 * the mean of raw logits over both views and all ranks, and the teacher after the update. Of several micro-batches only the last one moves the center. The
 * authors evaluate the teacher: restore it with `prefix: 'teacher/backbone'`. `vit` of `@selfsup/encoders` takes crops whose
 * sides are multiples of its patch size, ConvNet and ResNets any. The rest of the recipe is the optimizer's: `clipByNorm(3)`, `adamW` with schedules of rate and decay.
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
  const { outputDim, studentTemperature, teacherTemperature, centering, centerMomentum, freezeLastLayerSteps } = checkDinoOptions(options);
  return {
    api: 1,
    name: 'dino',
    create({ rng: root, totalSteps }) {
      const networks = createMomentumNetworks(options, root, 'teacher');
      if (freezeLastLayerSteps > 0 && !Object.keys(networks.trainable).some((path) => path.startsWith(LAST_LAYER))) {
        networks.dispose();
        const option = { name: 'freezeLastLayerSteps', expected: '0 for a head without `lastLayer`', got: freezeLastLayerSteps };
        throw optionError('dino', option);
      }
      const momentum = options.momentum ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const center = createTeacherCenter(outputDim);
      return {
        backbone: networks.backbone,
        ...joinNetworks({}, networks, center),
        targets({ views }, context) {
          const globals = checkCrops('dino', views).slice(0, 2);
          const logits = encodeCrops(networks.target, globals, applyOptions('dino teacher', context)('crops')); // [2n, outputDim]
          if (logits.shape[1] !== outputDim)
            throw optionError('dino', { name: 'outputDim', expected: `${logits.shape[1]}, the head's columns`, got: outputDim });
          return { logits };
        },
        loss({ views }, { logits }, context) {
          const output = encodeCrops(networks.online, checkCrops('dino', views), applyOptions('dino', context)('crops')); // [views · n, outputDim]
          const student = tf.split<tf.Tensor2D>(output, views.length); // each [n, outputDim]
          const temperatures = { studentTemperature, teacherTemperature: valueAt(teacherTemperature, context.step) };
          const loss = dinoLoss(student, tf.split<tf.Tensor2D>(logits, 2), { ...temperatures, ...(centering && { center: center.value }) });
          const entropies = collapseEntropies(centering ? tf.sub(logits, center.value) : logits, temperatures.teacherTemperature);
          const klDivergence = tf.sub<tf.Scalar>(loss, entropies.teacherEntropy);
          return { loss, metrics: { zStd: embeddingStd(student[0]!), ...entropies, klDivergence } };
        },
        transformGradients: freezeGradients(LAST_LAYER, freezeLastLayerSteps),
        afterStep({ logits }, { step, collective }) {
          networks.update(valueAt(momentum, step));
          center.update(logits, centerMomentum, collective);
        },
      };
    },
  };
}

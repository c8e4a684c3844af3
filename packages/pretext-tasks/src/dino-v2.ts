import * as tf from '@tensorflow/tfjs-core';
import { cosine, emaUpdate, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, koLeoLoss, sinkhorn, softCrossEntropy, swavLoss } from '@selfsup/losses';
import { applyOptions, teacherOptions } from './apply-options.ts';
import { checkCrops } from './check-crops.ts';
import { checkChoice, checkCounts, checkMomenta, checkPositive, checkWeights, optionError } from './check-options.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { assertLastLayer, LAST_LAYERS } from './last-layers.ts';
import { drawMaskedCrops, type CropMasking, type MaskedCrops } from './masked-crops.ts';
import { createPatchDistillation, encodeStates, projectPatches, type PatchHeadFactories } from './patch-heads.ts';
import { entropiesOf } from './target-entropies.ts';

/**
 * What {@link dinoV2} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: first two global crops of the
 * size that the backbone's masks are for, then any number of local ones of other sizes.
 */
export type DinoV2Batch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/**
 * What {@link dinoV2} computes without a tape: what is masked; `teacherLogits` `[n, outputDim]` of the class tokens of both global crops, and `teacherPatchLogits`
 * `[n, slots, outputDim]` of the masked patches. Both raw.
 */
export type DinoV2Targets = MaskedCrops &
  Readonly<Record<'teacherLogits', readonly tf.Tensor2D[]> & Record<'teacherPatchLogits', tf.Tensor3D>>;

/**
 * What {@link dinoV2} says about each image: `studentLogits` `[n, outputDim]` of every crop, `patchLogits` `[n, slots, outputDim]` of the masked patches, and
 * `classTokens` `[n, width]` of both global crops.
 */
export type DinoV2Embeddings = Readonly<
  Record<'studentLogits' | 'classTokens', readonly tf.Tensor2D[]> & Record<'patchLogits', tf.Tensor3D>
>;

/** Options of {@link dinoV2}. */
export interface DinoV2Options extends PatchHeadFactories {
  /** Draws the masks; `maskCrops` of @selfsup/augment. */
  masking: CropMasking;
  /** Columns of the projection head's output, and of the patch head's; default 65,536. */
  outputDim?: number;
  /**
   * What keeps the teacher's outputs in use: `'sinkhorn'` (default), the iterations of {@link sinkhorn} over all class tokens and over all masked patches of an
   * update, or `'center'`, DINO's moving centers.
   */
  centering?: 'sinkhorn' | 'center';
  /** Iterations of Sinkhorn and Knopp; an integer ≥ 1, default 3. */
  iterations?: number;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's logits of class tokens are divided by it; > 0, default 0.07. The authors' warm-up: from 0.04 over 30 epochs. */
  teacherTemperature?: ScalarOrSchedule;
  /** The teacher's logits of patches are divided by it; > 0, default `teacherTemperature`. */
  teacherPatchTemperature?: ScalarOrSchedule;
  /** The weight of the loss of patches beside that of class tokens; ≥ 0, default 1. */
  patchWeight?: number;
  /** The weight of KoLeo, of each global crop; ≥ 0, default 0.1. With 0 a batch may be a single image. */
  koLeoWeight?: number;
  /** The weight of the teacher's old weights, in [0, 1]; default a cosine from 0.992 to 1 over the run. */
  momentum?: ScalarOrSchedule;
  /** The weight of the old centers, in [0, 1]; default 0.9. */
  centerMomentum?: number;
  /** For how many steps at the start the variables under `lastLayer/` of both heads are frozen; an integer ≥ 0, default 0. The authors freeze them for one epoch. */
  freezeLastLayerSteps?: number;
}

/** Logits `[n, slots, outputDim]` as rows. */
const rowsOf = (logits: tf.Tensor3D): tf.Tensor2D => tf.reshape(logits, [-1, logits.shape[2]]);

/** float32 `[n · slots]`: 1 for a slot that has a patch. */
const countedOf = (slotWeights: tf.Tensor2D): tf.Tensor1D => tf.cast(tf.reshape(tf.greater(slotWeights, 0), [-1]), 'float32');

/**
 * The objective of DINOv2: DINO on class tokens, iBOT on masked patches, targets balanced by Sinkhorn and Knopp, and KoLeo, which spreads the features.
 *
 * @param options see {@link DinoV2Options}
 * @returns the task with the encoders `backbone` and `teacher`; its variables lie under `backbone/`, `projectionHead/` and, with one, `patchHead/`, its buffers
 * under `teacher/` and, with `centering: 'center'`, in `center` and `patchCenter` `[outputDim]`. The loss is the mean cross entropy over all pairs of different
 * crops + `patchWeight` · that of masked patches, each crop counting alike + `koLeoWeight` · Σ `koLeoLoss` of the student's class tokens of both global crops;
 * the metrics are the three, `classLoss`, `patchLoss`, `koLeo`, and of the class tokens those of `dino`: `zStd`, `teacherEntropy`, `usageEntropy`,
 * `targetInformation`, `klDivergence`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when a head's output does not have `outputDim` columns, the backbone has no
 * class token or the masking is for another number of patches; from `embed` when the backbone has no mask token; `SELFSUP_BATCH` without two views,
 * `SELFSUP_SHAPE` on views whose shapes do not fit, and from `loss` on a single image with KoLeo
 * @see Oquab et al.: "DINOv2: Learning Robust Visual Features without Supervision", section 4, https://arxiv.org/abs/2304.07193
 * @remarks The paper's large models have untied heads, a `patchHead`. The balance and KoLeo are over the images of the whole update, as the authors' balance is;
 * their KoLeo is within a rank. Patches are balanced apart from class tokens, and only masked ones, as in the authors' code; so are the centers. The rest of
 * the recipe is the optimizer's and the views'.
 * @example
 * ```ts
 * import { maskCrops } from '@selfsup/augment';
 * import { dinoHead, vit } from '@selfsup/encoders';
 * import { dinoV2 } from '@selfsup/pretext-tasks/dino-v2';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, maskToken: true });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const head = dinoHead({ inputDim, outputDim: 1024 });
 * const task = dinoV2({ backbone, projectionHead: head, patchHead: head, outputDim: 1024, masking: maskCrops({ gridSize }) });
 * console.log(task.name);
 * ```
 */
export function dinoV2(options: DinoV2Options): PretextTask<DinoV2Batch, DinoV2Targets, DinoV2Embeddings> {
  const {
    masking,
    outputDim = 65536,
    centering = 'sinkhorn',
    iterations = 3,
    studentTemperature = 0.1,
    teacherTemperature = 0.07,
  } = options;
  const { teacherPatchTemperature = teacherTemperature, patchWeight = 1, koLeoWeight = 0.1 } = options;
  const { centerMomentum = 0.9, freezeLastLayerSteps = 0 } = options;
  checkCounts('dino-v2', { outputDim, iterations });
  checkCounts('dino-v2', { freezeLastLayerSteps }, 0);
  checkChoice('dino-v2', { centering }, ['sinkhorn', 'center']);
  checkPositive('dino-v2', { studentTemperature, teacherTemperature, teacherPatchTemperature });
  checkWeights('dino-v2', { patchWeight, koLeoWeight });
  checkMomenta('dino-v2', { momentum: options.momentum, centerMomentum });
  const checkColumns = (logits: tf.Tensor) => {
    const columns = logits.shape.at(-1);
    if (columns !== outputDim)
      throw optionError('dino-v2', { name: 'outputDim', expected: `${columns}, a head's columns`, got: outputDim });
  };
  return {
    api: 1,
    name: 'dino-v2',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.992, final: 1, steps: totalSteps });
      const { student, teacher, networks, update } = createPatchDistillation(options, rng);
      const makeCenter = () => tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([outputDim]), false));
      const centers = centering === 'center' ? { center: makeCenter(), patchCenter: makeCenter() } : undefined;
      const joined = joinNetworks(networks, centers);
      assertLastLayer('dino-v2', joined, freezeLastLayerSteps);
      /** Distributions from raw logits `[rows, outputDim]`, of which those that count are in use alike. */
      const balance = (
        raw: tf.Tensor2D,
        { center, temperature, counted }: { center?: tf.Tensor1D | undefined; temperature: number; counted?: tf.Tensor1D },
      ) =>
        center
          ? tf.softmax<tf.Tensor2D>(tf.div(tf.sub(raw, center), temperature))
          : sinkhorn(raw, { epsilon: temperature, iterations, ...(counted && { counted }) });
      return {
        encoders: { backbone: student.backbone, teacher: teacher.backbone },
        ...joined,
        targets({ views }, context) {
          const crops = checkCrops('dino-v2', views).slice(0, 2);
          const apply = teacherOptions(context);
          const { classTokens, patches } = encodeStates('dino-v2', { crops, backbone: teacher.backbone }, apply);
          const [n, both] = patches.shape;
          const masked = drawMaskedCrops('dino-v2', masking, { n, length: both / 2, rng: context.stream('masking') });
          const logits = teacher.projectionHead.apply(classTokens, { ...apply, rng: apply.rng.fold('projectionHead') }); // [2n, outputDim]
          const { slots } = masked;
          const patchLogits = projectPatches(teacher.patchHead, patches, { slots, apply: { ...apply, rng: apply.rng.fold('patchHead') } });
          for (const made of [logits, patchLogits]) checkColumns(made);
          return { ...masked, teacherLogits: tf.split<tf.Tensor2D>(logits, 2), teacherPatchLogits: patchLogits };
        },
        embed({ views }, { masks, slots }, context) {
          const crops = checkCrops('dino-v2', views);
          const apply = applyOptions(context, 'student');
          const { classTokens, patches } = encodeStates('dino-v2', { crops, masks, backbone: student.backbone }, apply);
          const logits = student.projectionHead.apply(classTokens, { ...apply, rng: apply.rng.fold('projectionHead') });
          return {
            studentLogits: tf.split<tf.Tensor2D>(logits, crops.length),
            patchLogits: projectPatches(student.patchHead, patches, { slots, apply: { ...apply, rng: apply.rng.fold('patchHead') } }),
            classTokens: tf.split<tf.Tensor2D>(classTokens, crops.length).slice(0, 2),
          };
        },
        loss({ studentLogits, patchLogits, classTokens }, { teacherLogits, teacherPatchLogits, slotWeights }, { step }) {
          const targets = balance(tf.concat([...teacherLogits], 0), {
            center: centers?.center,
            temperature: valueAt(teacherTemperature, step),
          });
          const classLoss = swavLoss(studentLogits, tf.split<tf.Tensor2D>(targets, 2), { temperature: studentTemperature });
          const patchTargets = balance(rowsOf(teacherPatchLogits), {
            center: centers?.patchCenter,
            temperature: valueAt(teacherPatchTemperature, step),
            counted: countedOf(slotWeights),
          });
          const weights = tf.reshape<tf.Rank.R1>(tf.mul(slotWeights, slotWeights.shape[1] / 2), [-1]); // every crop counts alike
          const patchLoss = softCrossEntropy(tf.div(rowsOf(patchLogits), studentTemperature), patchTargets, { weights });
          const koLeo = koLeoWeight > 0 ? tf.addN<tf.Scalar>(classTokens.map((tokens) => koLeoLoss(tokens))) : tf.scalar(0);
          const entropies = entropiesOf(targets);
          const klDivergence = tf.sub<tf.Scalar>(classLoss, entropies.teacherEntropy);
          return {
            loss: tf.addN<tf.Scalar>([classLoss, tf.mul(patchLoss, patchWeight), tf.mul(koLeo, koLeoWeight)]),
            metrics: { classLoss, patchLoss, koLeo, zStd: embeddingStd(studentLogits[0]!), ...entropies, klDivergence },
          };
        },
        transformGradients: freezeGradients(LAST_LAYERS, freezeLastLayerSteps),
        afterStep({ targets: { teacherLogits, teacherPatchLogits, slotWeights } }, { step }) {
          update(valueAt(momentum, step));
          if (!centers) return;
          const { center, patchCenter } = centers;
          center.assign(emaUpdate(center, tf.mean<tf.Tensor1D>(tf.concat([...teacherLogits], 0), 0), centerMomentum));
          const counted = tf.expandDims<tf.Tensor2D>(countedOf(slotWeights), 0); // [1, n · slots]
          const sum = tf.reshape<tf.Rank.R1>(tf.matMul(counted, rowsOf(teacherPatchLogits)), [outputDim]);
          patchCenter.assign(emaUpdate(patchCenter, tf.div<tf.Tensor1D>(sum, tf.sum(counted)), centerMomentum));
        },
      };
    },
  };
}

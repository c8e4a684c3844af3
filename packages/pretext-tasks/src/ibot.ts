import * as tf from '@tensorflow/tfjs-core';
import { cosine, emaUpdate, takeRows, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { dinoLoss, embeddingStd, ibotPatchLoss } from '@selfsup/losses';
import { applyOptions, teacherOptions } from './apply-options.ts';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkMomenta, checkPositive, checkWeights, optionError } from './check-options.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { assertLastLayer, LAST_LAYERS } from './last-layers.ts';
import { drawMaskedCrops, type CropMasking, type MaskedCrops } from './masked-crops.ts';
import { createPatchDistillation, encodeStates, projectPatches, type PatchHeadFactories } from './patch-heads.ts';
import { entropiesOf } from './target-entropies.ts';

/**
 * What {@link ibot} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: first two global crops of the size
 * that the backbone's masks are for, then any number of local ones of other sizes.
 */
export type IbotBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/**
 * What {@link ibot} computes without a tape: what is masked; `teacherLogits` `[n, outputDim]` of the class tokens of both global crops, `teacherPatchLogits` `[n,
 * slots, outputDim]` of the masked patches, and `patchMeans` `[n, outputDim]`, the mean of the logits of all patches of both crops. All raw.
 */
export type IbotTargets = MaskedCrops &
  Readonly<Record<'teacherLogits', readonly tf.Tensor2D[]> & Record<'teacherPatchLogits', tf.Tensor3D> & Record<'patchMeans', tf.Tensor2D>>;

/** What {@link ibot} says about each image: `studentLogits` `[n, outputDim]` of every crop and `patchLogits` `[n, slots, outputDim]` of the masked patches. */
export type IbotEmbeddings = Readonly<Record<'studentLogits', readonly tf.Tensor2D[]> & Record<'patchLogits', tf.Tensor3D>>;

/** Options of {@link ibot}. */
export interface IbotOptions extends PatchHeadFactories {
  /** Draws the masks; `maskCrops` of @selfsup/augment. */
  masking: CropMasking;
  /** Columns of the projection head's output, and of the patch head's; default 8,192. */
  outputDim?: number;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's logits of class tokens are divided by it; > 0, default 0.04. The authors' warm-up: to 0.07 over 30 epochs. */
  teacherTemperature?: ScalarOrSchedule;
  /** The teacher's logits of patches are divided by it; > 0, default `teacherTemperature`. */
  teacherPatchTemperature?: ScalarOrSchedule;
  /** The weight of the loss of patches beside that of class tokens; ≥ 0, default 1. */
  patchWeight?: number;
  /** The weight of the teacher's old weights, in [0, 1]; default a cosine from 0.996 to 1 over the run. */
  momentum?: ScalarOrSchedule;
  /** The weight of the old centers, in [0, 1]; default 0.9. */
  centerMomentum?: number;
  /** For how many steps at the start the variables under `lastLayer/` of both heads are frozen; an integer ≥ 0, default 0. The authors freeze them for one epoch. */
  freezeLastLayerSteps?: number;
}

/**
 * iBOT: DINO on class tokens, and on masked patches as well: the student, who sees a mask token, learns what the teacher says of the patch itself.
 *
 * @param options see {@link IbotOptions}
 * @returns the task with the encoders `backbone` and `teacher`; its variables lie under `backbone/`, `projectionHead/` and, with one, `patchHead/`, its buffers
 * under `teacher/` and in `center` and `patchCenter` `[outputDim]`. The loss is `dinoLoss` + `patchWeight` · `ibotPatchLoss`; the metrics are both, `classLoss`
 * and `patchLoss`, and of the class tokens those of `dino`: `zStd`, `teacherEntropy`, `usageEntropy`, `targetInformation`, `klDivergence`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when a head's output does not have `outputDim` columns, the backbone has no
 * class token or the masking is for another number of patches; from `embed` when the backbone has no mask token; `SELFSUP_BATCH` without two views,
 * `SELFSUP_SHAPE` on views whose shapes do not fit
 * @see Zhou et al.: "iBOT: Image BERT Pre-Training with Online Tokenizer", https://arxiv.org/abs/2111.07832
 * @remarks The student's global crops are masked for both losses, as in the paper; local ones are not. A crop without masked patches adds 0 to the mean of the
 * patches' loss, as in the authors' code. The head is shared unless there is a `patchHead`; shared heads see class tokens and patches one after the other,
 * which with batch normalization is not what one pass of both gives. The centers move after the loss, that of the patches by the mean over all of them, masked
 * or not. The authors evaluate the teacher: `run.encoders.teacher`.
 * @example
 * ```ts
 * import { maskCrops } from '@selfsup/augment';
 * import { dinoHead, vit } from '@selfsup/encoders';
 * import { ibot } from '@selfsup/pretext-tasks/ibot';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, maskToken: true });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const task = ibot({ backbone, projectionHead: dinoHead({ inputDim, outputDim: 1024 }), outputDim: 1024, masking: maskCrops({ gridSize }) });
 * console.log(task.name);
 * ```
 */
export function ibot(options: IbotOptions): PretextTask<IbotBatch, IbotTargets, IbotEmbeddings> {
  const { masking, outputDim = 8192, studentTemperature = 0.1, teacherTemperature = 0.04 } = options;
  const { teacherPatchTemperature = teacherTemperature, patchWeight = 1, centerMomentum = 0.9, freezeLastLayerSteps = 0 } = options;
  checkCounts('ibot', { outputDim });
  checkCounts('ibot', { freezeLastLayerSteps }, 0);
  checkPositive('ibot', { studentTemperature, teacherTemperature, teacherPatchTemperature });
  checkWeights('ibot', { patchWeight });
  checkMomenta('ibot', { momentum: options.momentum, centerMomentum });
  const checkColumns = (logits: tf.Tensor) => {
    const columns = logits.shape.at(-1);
    if (columns !== outputDim) throw optionError('ibot', { name: 'outputDim', expected: `${columns}, a head's columns`, got: outputDim });
  };
  return {
    api: 1,
    name: 'ibot',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const { student, teacher, networks, update } = createPatchDistillation(options, rng);
      const makeCenter = () => tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([outputDim]), false));
      const [center, patchCenter] = [makeCenter(), makeCenter()];
      const joined = joinNetworks(networks, { center, patchCenter });
      assertLastLayer('ibot', joined, freezeLastLayerSteps);
      return {
        encoders: { backbone: student.backbone, teacher: teacher.backbone },
        ...joined,
        targets({ views }, context) {
          const crops = checkCrops('ibot', views).slice(0, 2);
          const apply = teacherOptions(context);
          const { classTokens, patches } = encodeStates('ibot', { crops, backbone: teacher.backbone }, apply);
          const [n, both] = patches.shape;
          const masked = drawMaskedCrops('ibot', masking, { n, length: both / 2, rng: context.stream('masking') });
          const logits = teacher.projectionHead.apply(classTokens, { ...apply, rng: apply.rng.fold('projectionHead') }); // [2n, outputDim]
          const patchLogits = projectPatches(teacher.patchHead, patches, { apply: { ...apply, rng: apply.rng.fold('patchHead') } });
          for (const made of [logits, patchLogits]) checkColumns(made);
          return {
            ...masked,
            teacherLogits: tf.split<tf.Tensor2D>(logits, 2),
            teacherPatchLogits: takeRows(patchLogits, masked.slots, { batchDims: 1 }) as tf.Tensor3D, // [n, slots, outputDim]
            patchMeans: tf.mean<tf.Tensor2D>(patchLogits, 1),
          };
        },
        embed({ views }, { masks, slots }, context) {
          const crops = checkCrops('ibot', views);
          const apply = applyOptions(context, 'student');
          const { classTokens, patches } = encodeStates('ibot', { crops, masks, backbone: student.backbone }, apply);
          const logits = student.projectionHead.apply(classTokens, { ...apply, rng: apply.rng.fold('projectionHead') });
          return {
            studentLogits: tf.split<tf.Tensor2D>(logits, crops.length),
            patchLogits: projectPatches(student.patchHead, patches, { slots, apply: { ...apply, rng: apply.rng.fold('patchHead') } }),
          };
        },
        loss({ studentLogits, patchLogits }, { teacherLogits, teacherPatchLogits, slotWeights }, { step }) {
          const temperatures = { studentTemperature, teacherTemperature: valueAt(teacherTemperature, step) };
          const classLoss = dinoLoss(studentLogits, teacherLogits, { ...temperatures, center });
          const rows = (logits: tf.Tensor3D) => tf.reshape<tf.Rank.R2>(logits, [-1, outputDim]); // [n · slots, outputDim]
          const patchLoss = ibotPatchLoss(rows(patchLogits), rows(teacherPatchLogits), {
            studentTemperature,
            teacherTemperature: valueAt(teacherPatchTemperature, step),
            center: patchCenter,
            weights: tf.reshape(tf.div(slotWeights, 2 * slotWeights.shape[0]), [-1]), // every crop counts alike
          });
          const targets = tf.softmax(tf.div(tf.sub(tf.concat([...teacherLogits], 0), center), temperatures.teacherTemperature));
          const entropies = entropiesOf(targets);
          const klDivergence = tf.sub<tf.Scalar>(classLoss, entropies.teacherEntropy);
          return {
            loss: tf.add<tf.Scalar>(classLoss, tf.mul(patchLoss, patchWeight)),
            metrics: { classLoss, patchLoss, zStd: embeddingStd(studentLogits[0]!), ...entropies, klDivergence },
          };
        },
        transformGradients: freezeGradients(LAST_LAYERS, freezeLastLayerSteps),
        afterStep({ targets: { teacherLogits, patchMeans } }, { step }) {
          update(valueAt(momentum, step));
          center.assign(emaUpdate(center, tf.mean<tf.Tensor1D>(tf.concat([...teacherLogits], 0), 0), centerMomentum));
          patchCenter.assign(emaUpdate(patchCenter, tf.mean<tf.Tensor1D>(patchMeans, 0), centerMomentum));
        },
      };
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, l2Normalize, SelfsupError, type Module, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { embeddingStd, featureDistillationLoss, seedLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkChoice, checkCounts, checkPositive, checkWeights, optionError } from './check-options.ts';
import { checkViewPair } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { hasMaps, lastMap, type Mapped } from './last-map.ts';
import { poolGrid } from './pool-grid.ts';
import { teacherImages, type TeacherImages } from './teacher-images.ts';

/**
 * What {@link distillation} trains on: `views`, one or two float32 tensors `[n, height, width, channels]`, row i of both from image i. The student sees the
 * first; the teacher sees the second where there is one, otherwise the same.
 */
export type DistillationBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link distillation} computes without a tape: `features` `[n, teacherDim]` of the teacher, and its last map `patches` `[n, rows, columns, channels]`. */
export type DistillationTargets = Readonly<{ features?: tf.Tensor2D; patches?: tf.Tensor4D }>;

/** A network that never changes. */
export interface TeacherFactory extends ModuleFactory<tf.Tensor4D, tf.Tensor2D> {
  /** Columns of its features. */
  readonly outputDim: number;
}

/** Options of {@link distillation}. */
export interface DistillationOptions {
  /** Makes the student, which is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the teacher with its weights: images to `[n, teacherDim]`. It must be the same whenever it is made. */
  teacher: TeacherFactory;
  /** Makes what leads from the student's features to the teacher's, `[n, dim]` to `[n, teacherDim]`, thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes what leads from the channels of the student's last map to those of the teacher's, place by place; needed with `patchWeight`. */
  patchHead?: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** How the teacher's images differ from the student's; default not at all. */
  images?: TeacherImages;
  /** Weight of the distance between predicted and true features of the teacher, ≥ 0; default 1. */
  featureWeight?: number;
  /** Weight of the distance place by place, between the last maps of both, pooled to the coarser grid; ≥ 0, default 0. */
  patchWeight?: number;
  /** Weight of SEED's loss: how similar an image is to those of the queue; ≥ 0, default 0. */
  similarityWeight?: number;
  /** How features and places are compared: `'cosine'` (default) or `'mse'`. */
  measure?: 'cosine' | 'mse';
  /** Whether each of the teacher's vectors gets mean 0 and deviation 1 over its columns before it is compared; default true. */
  standardize?: boolean;
  /** The teacher's embeddings in the queue, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
  /** With `similarityWeight`: the student's similarities are divided by it; > 0, default 0.2. */
  studentTemperature?: number;
  /** With `similarityWeight`: the teacher's similarities are divided by it; > 0, default 0.01. */
  teacherTemperature?: number;
}

/** Each row with mean 0 and deviation 1 over its columns, `[rows, dim]`. */
function standardized(rows: tf.Tensor2D): tf.Tensor2D {
  const centered = tf.sub(rows, tf.mean(rows, 1, true));
  return tf.mul(centered, tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), 1e-6)));
}

const toRows = (maps: tf.Tensor4D): tf.Tensor2D => tf.reshape(maps, [-1, maps.shape[3]]);

function checkViews(views: readonly tf.Tensor4D[] | undefined): readonly [student: tf.Tensor4D, teacher: tf.Tensor4D] {
  const [first, second, ...more] = Array.isArray(views) ? (views as readonly tf.Tensor4D[]) : [];
  if (!first || more.length > 0)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `distillation: the batch must have \`views\`, a list of 1 or 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  return checkViewPair('distillation', [first, second ?? first]);
}

/**
 * Distillation: a student of any architecture learns to say what a trained teacher says, which never changes.
 *
 * @param options see {@link DistillationOptions}
 * @returns the task with the encoder `backbone`; its variables lie under `backbone/`, `projectionHead/` and `patchHead/`, those of the teacher are frozen, under
 * `teacher/`, and with `similarityWeight` there is the buffer `queue` `[queueSize, teacherDim]`, newest first. The loss is the weighted sum; the metrics are
 * `featureLoss`, `patchLoss` and `similarityLoss` of those that have a weight, and where features are predicted `agreement`, the mean cosine of predicted
 * and true features, and `zStd`, the mean deviation per dimension of the unit predictions (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, without any weight, and from `create` on networks without maps where `patchWeight` needs
 * them; `SELFSUP_BATCH` without one or two views or on more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes or a head
 * whose output does not fit the teacher
 * @see Fang et al.: "SEED: Self-supervised Distillation For Visual Representation", https://arxiv.org/abs/2101.04731, for `similarityWeight`
 * @see Wei et al.: "Contrastive Learning Rivals Masked Image Modeling in Fine-tuning via Feature Distillation", https://arxiv.org/abs/2205.14141, for
 * `standardize`: a layer norm without parameters
 * @see Beyer et al.: "Knowledge distillation: A good teacher is patient and consistent", https://arxiv.org/abs/2106.05237: why both see the same crop
 * @remarks The teacher runs as at inference. SEED compares the outputs of both projection heads; here the teacher has none, and its features count. With
 * `patchWeight` the teacher must see the student's view, otherwise places do not correspond; beside another weight it costs a second pass of the student, which
 * leaves running statistics alone.
 * @example
 * ```ts
 * import { convNet, projectionHead, resnet18 } from '@selfsup/encoders';
 * import { distillation } from '@selfsup/pretext-tasks/distillation';
 * const [backbone, teacher] = [convNet({ channels: 3 }), resnet18({ stem: 'cifar' })]; // a real teacher comes with its weights
 * const task = distillation({ backbone, teacher, projectionHead: projectionHead({ inputDim: 256, hiddenDim: 512, outputDim: teacher.outputDim }) });
 * console.log(task.name);
 * ```
 */
export function distillation(options: DistillationOptions): PretextTask<DistillationBatch, DistillationTargets> {
  const { featureWeight = 1, patchWeight = 0, similarityWeight = 0, measure = 'cosine', standardize = true, images } = options;
  const { queueSize = 65536, studentTemperature = 0.2, teacherTemperature = 0.01 } = options;
  checkWeights('distillation', { featureWeight, patchWeight, similarityWeight });
  checkChoice('distillation', { measure }, ['cosine', 'mse']);
  checkCounts('distillation', { queueSize });
  checkPositive('distillation', { studentTemperature, teacherTemperature });
  const { outputDim: teacherDim } = options.teacher;
  const predicts = featureWeight > 0 || similarityWeight > 0;
  if (!predicts && patchWeight === 0)
    throw optionError('distillation', { name: 'featureWeight', expected: '> 0 where the other weights are 0', got: featureWeight });
  const asCompared = (rows: tf.Tensor2D) => (standardize ? standardized(rows) : rows);
  return {
    api: 1,
    name: 'distillation',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const teacher = options.teacher(rng.fold('teacher'));
      const projectionHead = predicts ? options.projectionHead(rng.fold('projectionHead')) : undefined;
      const patchHead = patchWeight > 0 ? options.patchHead?.(rng.fold('patchHead')) : undefined;
      const queue = similarityWeight > 0 ? createKeyQueue({ size: queueSize, dim: teacherDim, rng: rng.fold('queue') }) : undefined;
      const networks = { backbone, ...(projectionHead && { projectionHead }), ...(patchHead && { patchHead }) };
      const joined = joinNetworks(networks, queue ? { queue: queue.keys } : {});
      const dispose = () => {
        joined.dispose();
        teacher.dispose();
      };
      const maps = patchWeight > 0 ? mapsOf({ student: backbone, teacher, patchHead }, dispose) : undefined;
      return {
        ...joined,
        encoders: { backbone },
        frozen: joinVariables({ teacher: { ...teacher.trainable, ...teacher.buffers } }),
        targets({ views }) {
          const [student, given] = checkViews(views);
          if (maps && given !== student)
            throw new SelfsupError(
              'SELFSUP_BATCH',
              'distillation: with `patchWeight` the batch must have 1 view, so that the places of student and teacher are the same, got 2',
            );
          const seen = images ? teacherImages(given, images) : given;
          const atInference = { training: false };
          return {
            ...(predicts && { features: asCompared(teacher.apply(seen, atInference)) }),
            ...(maps && { patches: lastMap(maps.teacher, seen, atInference) }),
          };
        },
        loss({ views }, { features, patches }, context) {
          const [student] = checkViews(views);
          const terms: [weight: number, name: string, loss: tf.Scalar][] = [];
          const metrics: Record<string, tf.Scalar> = {};
          if (projectionHead && features) {
            const apply = applyOptions(context, 'student');
            const predictions = projectionHead.apply(backbone.apply(student, apply), apply); // [n, teacherDim]
            checkColumns('projectionHead', predictions, teacherDim);
            if (featureWeight > 0) terms.push([featureWeight, 'featureLoss', featureDistillationLoss(predictions, features, { measure })]);
            if (queue) {
              if (context.training) queue.check('distillation', features.shape[0]);
              const [s, t] = [l2Normalize(predictions), l2Normalize(features)];
              const seed = seedLoss(s, t, { queue: queue.keys, normalized: true, studentTemperature, teacherTemperature });
              terms.push([similarityWeight, 'similarityLoss', seed]);
            }
            metrics['agreement'] = tf.sub(1, featureDistillationLoss(predictions, features));
            if (predictions.shape[0] > 1) metrics['zStd'] = embeddingStd(predictions);
          }
          if (maps && patches) {
            const apply = { ...applyOptions(context, 'patches'), updateStatistics: !predicts };
            const own = lastMap(maps.student, student, apply);
            const grid = [Math.min(own.shape[1], patches.shape[1]), Math.min(own.shape[2], patches.shape[2])] as const;
            const predictions = maps.patchHead.apply(toRows(poolGrid(own, grid)), apply); // [n · places, channels]
            checkColumns('patchHead', predictions, patches.shape[3]);
            const loss = featureDistillationLoss(predictions, asCompared(toRows(poolGrid(patches, grid))), { measure });
            terms.push([patchWeight, 'patchLoss', loss]);
          }
          for (const [, name, loss] of terms) metrics[name] = tf.clone(loss);
          return { loss: tf.addN(terms.map(([weight, , loss]) => tf.mul<tf.Scalar>(loss, weight))), metrics };
        },
        ...(queue && {
          afterStep: ({ targets }: { targets: DistillationTargets }) => {
            queue.enqueue(l2Normalize(targets.features!));
          },
        }),
        dispose,
      };
    },
  };
}

function checkColumns(name: string, { shape }: tf.Tensor2D, columns: number): void {
  if (shape[1] !== columns)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `distillation: the output of \`${name}\` must have ${columns} columns like the teacher's, got ${shape[1]}`,
    );
}

interface MappedNetworks {
  readonly student: Mapped;
  readonly teacher: Mapped;
  readonly patchHead: Module<tf.Tensor2D, tf.Tensor2D>;
}

/** The networks that compare places; throws unless all are there, after all was disposed. */
function mapsOf(
  {
    student,
    teacher,
    patchHead,
  }: Record<'student' | 'teacher', Module<tf.Tensor4D, tf.Tensor2D>> & { patchHead: MappedNetworks['patchHead'] | undefined },
  dispose: () => void,
): MappedNetworks {
  if (hasMaps(student) && hasMaps(teacher) && patchHead) return { student, teacher, patchHead };
  dispose();
  const lacking = patchHead ? `a \`${hasMaps(student) ? 'teacher' : 'backbone'}\` without maps` : 'no `patchHead`';
  throw new SelfsupError('SELFSUP_OPTION', `distillation: \`patchWeight\` must be 0 with ${lacking}`);
}

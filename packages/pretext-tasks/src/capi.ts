import * as tf from '@tensorflow/tfjs-core';
import {
  cosine,
  createMomentumPair,
  drawPermutation,
  l2Normalize,
  shareOf,
  takeRows,
  valueAt,
  type ApplyOptions,
  type ModuleFactory,
  type PretextTask,
  type Rng,
  type ScalarOrSchedule,
  type VariableMap,
} from '@selfsup/core';
import { embeddingStd, prototypeEntropy, sinkhorn, softCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { asBuffers } from './as-buffers.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawMasks, type PatchMasking } from './patch-masking.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';

/** What {@link capi} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type CapiBatch = Readonly<Record<'images', tf.Tensor4D>>;

/**
 * What {@link capi} computes without a tape: the patches that the student sees, `keep` int32 `[n, kept]`, those that are predicted, `asked` int32 `[n, asked]`,
 * and the teacher's `states` float32 `[n, length, width]` of all patches, unit rows.
 */
export type CapiTargets = Readonly<Record<'keep' | 'asked', tf.Tensor2D> & Record<'states', tf.Tensor3D>>;

/** What {@link capi} says of each image: `clusterLogits` `[n, length, numClusters]` of all patches, `logits` `[n, asked, numClusters]` of those that are predicted. */
export type CapiEmbeddings = Readonly<Record<'clusterLogits' | 'logits', tf.Tensor3D>>;

/** What {@link capi} needs of a predictor; `crossPredictor` of @selfsup/encoders makes one. */
export interface AskedPredictor {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** What else must survive a restart. */
  readonly buffers: VariableMap;
  /** The predictions float32 `[n, asked, predictorDim]` at the patches `targets` int32 `[n, asked]` from `states` float32 `[n, seen, width]` of others. */
  predict(states: tf.Tensor3D, targets: tf.Tensor2D, options: ApplyOptions): tf.Tensor3D;
  /** Disposes its variables. */
  dispose(): void;
}

/** Options of {@link capi}. */
export interface CapiOptions {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the network that predicts what is at hidden patches, thrown away afterwards. */
  predictor: (rng: Rng) => AskedPredictor;
  /** Makes the head from unit predictions `[rows, predictorDim]` to logits `[rows, numClusters]`; `prototypes` of @selfsup/encoders. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes the clustering, unit states of the teacher `[rows, width]` to logits `[rows, numClusters]`: one linear layer. */
  clustering: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws what the student does not see; `maskPatches` of @selfsup/augment with `kind: 'inverse-block'`. The paper masks 0.65. */
  masking: PatchMasking;
  /** The part of the hidden patches that is predicted, in (0, 1], default 1. The authors predict 0.05: 8 of 166. */
  predictedRatio?: number;
  /** The student's logits are divided by it; > 0, default 0.12. */
  studentTemperature?: number;
  /** The clustering's logits are divided by it before they are balanced; > 0, default 0.06. */
  targetTemperature?: number;
  /** The clustering's logits are divided by it where it learns from the balanced assignments; > 0, default 0.12. */
  clusteringTemperature?: number;
  /** Iterations of Sinkhorn and Knopp; an integer ≥ 0, default 3. 0: none, and a few clusters take all. */
  iterations?: number;
  /** The weight of the teacher's old weights, in [0, 1], or a schedule over updates done; default a cosine from 0.999 to 1 over the run. */
  momentum?: ScalarOrSchedule;
}

/**
 * CAPI: the patches of the teacher, a slowly moving copy that sees all, are clustered while it learns, and the student, who sees a rectangle, predicts to which
 * clusters the hidden ones belong.
 *
 * @param options see {@link CapiOptions}
 * @returns the task with the encoders `backbone` and `teacher`; trainable variables lie under `backbone/`, `predictor/`, `head/` and `clustering/`, the teacher's
 * among the buffers under `teacher/`. The loss is the cross entropy of the student's predictions and the balanced assignments of the hidden patches +
 * that of the clustering's own predictions and the assignments of all patches, no gradient of which reaches an encoder; the metrics are both, `predictionLoss`
 * and `clusteringLoss`, `prototypeEntropy`, how evenly the predictions use the clusters (0: one takes all), and `targetStd`, the mean deviation per dimension of
 * the teacher's unit states (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` and `embed` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION` when the masking is for another number of patches or both heads differ in their columns
 * @see Darcet et al.: "Cluster and Predict Latent Patches for Improved Masked Image Modeling", section 3, https://arxiv.org/abs/2502.08769
 * @remarks The assignments are balanced for each position on its own, over all images of the update: of all patches together, clusters would come to stand for
 * positions. In runs of minutes the class token's state served kNN better than the mean of the patches'. The authors' teacher follows with 0.999, rising to 1,
 * after a warm-up in which it stands still; their clustering has an optimizer of its own with half the learning rate, here it has that of the rest; its kernel
 * starts normal with deviation 1, which `linear` must be told: with its usual start all assignments are nearly alike at first. Their student's head divides its
 * columns by their lengths and learns a factor for each.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { crossPredictor, linear, prototypes, vit } from '@selfsup/encoders';
 * import { capi } from '@selfsup/pretext-tasks/capi';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, pooling: 'mean' });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const task = capi({
 *   backbone,
 *   predictor: crossPredictor({ inputDim, gridSize, numLayers: 2, numHeads: 3 }),
 *   head: prototypes({ inputDim, numPrototypes: 256 }),
 *   clustering: linear({ inputDim, outputDim: 256 }),
 *   masking: maskPatches({ gridSize, maskRatio: 0.65, kind: 'inverse-block' }),
 * });
 * console.log(task.name);
 * ```
 */
export function capi(options: CapiOptions): PretextTask<CapiBatch, CapiTargets, CapiEmbeddings> {
  const { masking, predictedRatio = 1, iterations = 3 } = options;
  const { studentTemperature = 0.12, targetTemperature = 0.06, clusteringTemperature = 0.12 } = options;
  checkPositive('capi', { studentTemperature, targetTemperature, clusteringTemperature });
  checkCounts('capi', { iterations }, 0);
  checkMomenta('capi', { momentum: options.momentum });
  if (!(predictedRatio > 0 && predictedRatio <= 1))
    throw optionError('capi', { name: 'predictedRatio', expected: 'in (0, 1]', got: predictedRatio });
  return {
    api: 1,
    name: 'capi',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.999, final: 1, steps: totalSteps });
      const pair = createMomentumPair(options.backbone, rng.fold('backbone'));
      const { online: backbone, target: teacher } = pair;
      const predictor = options.predictor(rng.fold('predictor'));
      const head = options.head(rng.fold('head'));
      const clustering = options.clustering(rng.fold('clustering'));
      return {
        encoders: { backbone, teacher },
        ...joinNetworks({ backbone, predictor, head, clustering, teacher: asBuffers(teacher) }),
        targets(batch, context) {
          const images = checkImages('capi', batch.images);
          const n = images.shape[0];
          const length = (images.shape[1] / backbone.patchSize) * (images.shape[2] / backbone.patchSize);
          const drawn = drawAsked(masking, { n, length, ratio: predictedRatio, rng: context.stream('masking') });
          const states = patchStates(teacher.encode({ images }, { ...applyOptions(context, 'teacher'), training: false }), length);
          return { ...drawn, states: unitRows(states) };
        },
        embed(batch, { keep, asked, states }, context) {
          const apply = applyOptions(context, 'networks');
          const seen = backbone.encode({ images: checkImages('capi', batch.images), keep }, apply); // [n, 1 + kept, width]
          const predictions = unitRows(predictor.predict(seen, asked, { ...apply, rng: apply.rng.fold('predictor') }));
          const logits = overRows(head, predictions, { ...apply, rng: apply.rng.fold('head') });
          const clusterLogits = overRows(clustering, states, { ...apply, rng: apply.rng.fold('clustering') });
          const [columns, clusters] = [logits.shape[2], clusterLogits.shape[2]];
          if (columns !== clusters)
            throw optionError('capi', { name: 'head', expected: `one of ${clusters} columns like \`clustering\``, got: columns });
          return { clusterLogits, logits };
        },
        loss({ clusterLogits, logits }, { asked, states }) {
          const assignments = assign(clusterLogits, { temperature: targetTemperature, iterations }); // [n, length, numClusters]
          const hidden = asRows(takeRows(assignments, asked, { batchDims: 1 }));
          const predictionLoss = softCrossEntropy(tf.div(asRows(logits), studentTemperature), hidden);
          const clusteringLoss = softCrossEntropy(tf.div(asRows(clusterLogits), clusteringTemperature), asRows(assignments));
          return {
            loss: tf.add<tf.Scalar>(predictionLoss, clusteringLoss),
            metrics: {
              predictionLoss,
              clusteringLoss,
              prototypeEntropy: prototypeEntropy(asRows(logits), { temperature: studentTemperature }),
              targetStd: embeddingStd(asRows(states)),
            },
          };
        },
        afterStep(_, { step }) {
          pair.update(valueAt(momentum, step));
        },
      };
    },
  };
}

/** `[n, length, columns]` as `[n · length, columns]`. */
const asRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape<tf.Rank.R2>(x, [-1, x.shape.at(-1)!]);

/** `[n, length, columns]` with rows of length 1. */
const unitRows = (x: tf.Tensor3D): tf.Tensor3D => tf.reshape(l2Normalize(asRows(x)), x.shape);

/** To which clusters each patch belongs, without a gradient: balanced for each position over the images, unless there are no iterations. */
function assign(logits: tf.Tensor3D, { temperature, iterations }: { temperature: number; iterations: number }): tf.Tensor3D {
  if (iterations > 0) return sinkhorn(logits, { epsilon: temperature, iterations });
  // inside a custom gradient nothing is taped
  const constant = tf.customGrad((x) => ({
    value: tf.softmax(tf.div(x as tf.Tensor, temperature)),
    gradFunc: () => tf.zerosLike(x as tf.Tensor),
  }));
  return constant(logits) as tf.Tensor3D;
}

/** Applies a head to each row. */
function overRows(head: ReturnType<CapiOptions['head']>, x: tf.Tensor3D, apply: ApplyOptions): tf.Tensor3D {
  return tf.reshape(head.apply(asRows(x), apply), [x.shape[0], x.shape[1], -1]);
}

/** What the student sees, and which of the patches that it does not see are asked for. */
function drawAsked(
  masking: PatchMasking,
  { n, length, ratio, rng }: { n: number; length: number; ratio: number; rng: Rng },
): Pick<CapiTargets, 'keep' | 'asked'> {
  let hidden: number[][] = [];
  const { keep, restore, mask } = drawMasks(
    'capi',
    (images, stream) => {
      const drawn = masking(images, stream);
      const own = (image: number) => [...drawn.mask.subarray(image * length, (image + 1) * length)];
      hidden = Array.from({ length: n }, (_, image) => own(image).flatMap((masked, patch) => (masked === 1 ? [patch] : [])));
      return drawn;
    },
    { n, length, rng },
  );
  tf.dispose([restore, mask]);
  const count = Math.max(1, shareOf(length - keep.shape[1], ratio, 'floor'));
  const choose = (patches: number[], image: number) => {
    if (count === patches.length) return patches;
    const order = drawPermutation(rng.fold('asked').row(image, n), patches.length).subarray(0, count);
    return [...order].map((place) => patches[place]!);
  };
  return { keep, asked: tf.tensor2d(hidden.flatMap(choose), [n, count], 'int32') };
}

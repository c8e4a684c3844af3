import * as tf from '@tensorflow/tfjs-core';
import {
  cosine,
  createMomentumPair,
  l2Normalize,
  stopGradient,
  valueAt,
  type ApplyOptions,
  type Module,
  type ModuleFactory,
  type PretextTask,
  type Rng,
  type ScalarOrSchedule,
} from '@selfsup/core';
import { embeddingStd, msnLoss, prototypeEntropy, type MsnLossOptions } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { asBuffers } from './as-buffers.ts';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkMomenta, checkPositive, checkWeights, optionError } from './check-options.ts';
import { groupBySize } from './encode-crops.ts';
import { joinNetworks } from './join-networks.ts';
import { drawMasks, type PatchMasking } from './patch-masking.ts';
import type { PatchEncoder } from './patch-networks.ts';
import type { ProjectedViews } from './projection-networks.ts';
import { prototypeKernel } from './prototype-kernel.ts';

/**
 * What `msn` and `pmsn` train on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of all from image i: the target view, the anchor view
 * of the same size, which is masked, and any number of small anchor views of other sizes.
 */
export type MsnBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What `msn` and `pmsn` compute without a tape: `keep` int32 `[n, kept]`, the patches of the masked view that are seen, and `projections`, unit rows `[n, projectionDim]` of the target view. */
export type MsnTargets = Readonly<Record<'keep' | 'projections', tf.Tensor2D>>;

/** Options of `msn`, which `pmsn` has, too. */
export interface MsnOptions {
  /** Makes the backbone, which is kept; it has a class token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the network from the class token's state to projections `[rows, projectionDim]`, thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes the prototypes, whose variable `kernel` is `[projectionDim, numPrototypes]`; `prototypes` of @selfsup/encoders. The papers have 1,024. */
  prototypes: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws which patches of the masked view are left out; `maskPatches` of @selfsup/augment. The papers mask 0.15 for ViT-Small, 0.3 for ViT-Base, 0.7 for ViT-Large. */
  masking: PatchMasking;
  /** The scores are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** The targets' probabilities are raised to the power of 1 over it; > 0, default 0.25. */
  targetTemperature?: ScalarOrSchedule;
  /** Iterations of Sinkhorn and Knopp on the targets; an integer ≥ 0, default 3. 0: none. */
  iterations?: number;
  /** The weight of the regularizer, ≥ 0; default 1. With 0 all images may get one prototype. */
  priorWeight?: number;
  /** The weight of the target network's old weights, in [0, 1]; default a cosine from 0.996 to 1 over the run. */
  momentum?: ScalarOrSchedule;
}

/** The task of a name, with a prior of the prototypes' use. Internal. */
export function maskedSiamese(
  name: string,
  options: MsnOptions,
  prior: Pick<MsnLossOptions, 'prior' | 'powerLawExponent' | 'convention'>,
): PretextTask<MsnBatch, MsnTargets, ProjectedViews> {
  const { masking, temperature = 0.1, targetTemperature = 0.25, iterations = 3, priorWeight = 1 } = options;
  checkPositive(name, { temperature, targetTemperature });
  checkCounts(name, { iterations }, 0);
  checkWeights(name, { priorWeight });
  checkMomenta(name, { momentum: options.momentum });
  return {
    api: 1,
    name,
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const prototypes = options.prototypes(rng.fold('prototypes'));
      const kernel = prototypeKernel(name, prototypes);
      const projectionDim = kernel.shape[0];
      const backbone = createMomentumPair(options.backbone, rng.fold('backbone'));
      const head = createMomentumPair(options.projectionHead, rng.fold('projectionHead'));
      const networks = { backbone: backbone.online, projectionHead: head.online, prototypes };
      const copies = { 'target/backbone': asBuffers(backbone.target), 'target/projectionHead': asBuffers(head.target) };
      const project = (network: Module<tf.Tensor2D, tf.Tensor2D>, tokens: tf.Tensor2D, apply: ApplyOptions & { rng: Rng }) => {
        const z = l2Normalize(network.apply(tokens, { ...apply, rng: apply.rng.fold('projectionHead') })); // [rows, projectionDim]
        const columns = z.shape[1];
        if (columns !== projectionDim)
          throw optionError(name, { name: 'prototypes', expected: `for ${columns} columns, the head's`, got: `some for ${projectionDim}` });
        return z;
      };
      return {
        encoders: { backbone: backbone.online, target: backbone.target },
        ...joinNetworks({ ...networks, ...copies }),
        targets({ views }, context) {
          const [target, anchor] = checkCrops(name, views) as readonly [tf.Tensor4D, tf.Tensor4D];
          const [n, height, width] = anchor.shape;
          const { patchSize } = backbone.online;
          const length = (height / patchSize) * (width / patchSize);
          const { keep } = drawMasks(name, masking, { n, length, rng: context.stream('masking') });
          const apply = applyOptions(context, 'target');
          const states = backbone.target.encode({ images: target }, { ...apply, rng: apply.rng.fold('backbone') });
          if (states.shape[1] !== length + 1)
            throw optionError(name, {
              name: 'backbone',
              expected: `one with a class token: ${length + 1} states of ${length} patches`,
              got: `${states.shape[1]}`,
            });
          return { keep, projections: project(head.target, firstOf(states), apply) };
        },
        embed({ views }, { keep }, context) {
          const anchors = checkCrops(name, views).slice(1);
          const apply = applyOptions(context, 'anchors');
          const encode = (images: readonly tf.Tensor4D[], i: number, kept?: tf.Tensor2D) => {
            const input = { images: tf.concat([...images], 0), ...(kept && { keep: kept }) };
            return firstOf(backbone.online.encode(input, { ...apply, rng: apply.rng.fold('backbone').fold(i).stacked(images.length) }));
          };
          const small = groupBySize(anchors.slice(1)).map((group, i) => encode(group, i + 1));
          const tokens = tf.concat([encode(anchors.slice(0, 1), 0, keep), ...small], 0); // [anchors · n, width]
          const z = project(head.online, tokens, { ...apply, rng: apply.rng.stacked(anchors.length) });
          return { projections: anchors.length === 1 ? [z] : tf.split<tf.Tensor2D>(z, anchors.length) }; // tfjs cannot split into one
        },
        loss({ projections }, { projections: targets }, { step }) {
          const unit = tf.transpose(l2Normalize(tf.transpose(kernel))); // [projectionDim, numPrototypes]
          const scores = projections.map((z) => tf.matMul<tf.Tensor2D>(z, unit));
          const targetScores = tf.matMul<tf.Tensor2D>(targets, stopGradient(unit));
          const options = { temperature, targetTemperature: valueAt(targetTemperature, step), iterations, priorWeight, ...prior };
          return {
            loss: msnLoss(scores, targetScores, options),
            metrics: {
              prototypeEntropy: prototypeEntropy(scores[0]!, { temperature }),
              zStd: embeddingStd(projections[0]!, { normalized: true }),
            },
          };
        },
        afterStep(_, { step }) {
          const weight = valueAt(momentum, step);
          backbone.update(weight);
          head.update(weight);
        },
      };
    },
  };
}

/** The class token's state of each image: `[n, width]` of `[n, tokens, width]`. */
function firstOf(states: tf.Tensor3D): tf.Tensor2D {
  const [n, , width] = states.shape;
  return tf.reshape(tf.slice(states, [0, 0, 0], [n, 1, width]), [n, width]);
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Module, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { embeddingStd, vicregLocalLoss, vicregLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkViewPair } from './check-view-pair.ts';
import { checkCounts, checkWeights, optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { hasMaps, lastMap, type Mapped } from './last-map.ts';
import type { NetworkFactories } from './projection-networks.ts';

/**
 * What {@link vicregL} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i; and where they lie in the
 * image: `boxes`, for each view float32 `[n, 4]`, `[y0, x0, y1, x1]` as fractions of it, and `flips`, float32 `[n]`, 1 where it is mirrored. `trackedCrops` of
 * @selfsup/augment makes them.
 */
export type VicregLBatch = Readonly<
  Record<'views', readonly tf.Tensor4D[]> & Record<'boxes', readonly tf.Tensor2D[]> & Record<'flips', readonly tf.Tensor1D[]>
>;

/** What {@link vicregL} hands on to its loss: `boxes` and `flips` of the batch. */
export type VicregLTargets = Pick<VicregLBatch, 'boxes' | 'flips'>;

/**
 * What {@link vicregL} says about each image: `projections` `[n, projectionDim]` and `places` `[n, rows, columns, localDim]`, one tensor for each view.
 */
export type VicregLEmbeddings = Readonly<Record<'projections', readonly tf.Tensor2D[]> & Record<'places', readonly tf.Tensor4D[]>>;

/** Where the cells of a grid over crops lie in their images: `[n, rows · columns, 2]`. `gridLocations` of @selfsup/augment is one. */
export type LocateCells = (
  boxes: tf.Tensor2D,
  flips: tf.Tensor1D,
  grid: { readonly rows: number; readonly columns: number },
) => tf.Tensor3D;

/** Options of {@link vicregL}; the backbone has maps, as all encoders of images of `@selfsup/encoders` have. */
export interface VicregLOptions extends NetworkFactories {
  /** Makes the network from the features of a place to its projection `[rows, localDim]`, thrown away afterwards. */
  localHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Tells where places lie; `gridLocations` of @selfsup/augment. */
  locate: LocateCells;
  /** The weight of the global criterion, in [0, 1]; that of the local one is what is left. Default 0.75. */
  alpha?: number;
  /** How many pairs of places are kept of those that start in one view, and in the other; integers ≥ 1, default 20 and 4. At most all places. */
  numMatches?: readonly [number, number];
  /** The weight of the invariance term, ≥ 0; default 25. */
  invarianceWeight?: number;
  /** The weight of the variance term, ≥ 0; default 25. */
  varianceWeight?: number;
  /** The weight of the covariance term, ≥ 0; default 1. */
  covarianceWeight?: number;
}

/**
 * VICRegL: VICReg on whole views, and on places of both that match by where they lie or by what they look like.
 *
 * @param options see {@link VicregLOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `localHead/`. The loss is `alpha` · `vicregLoss` + (1 − `alpha`) · the mean over both
 * orders of the views of `vicregLocalLoss`; the metrics are the two, `globalLoss` and `localLoss`, and `zStd`, the mean deviation per dimension of the unit
 * projections of the first view (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `create` on a backbone without maps; `SELFSUP_BATCH` without two views or without their
 * `boxes` and `flips`, `SELFSUP_SHAPE` on tensors that do not fit
 * @see Bardes, Ponce, LeCun: "VICRegL: Self-Supervised Learning of Local Visual Features", https://arxiv.org/abs/2210.01571
 * @remarks The features of a view are the means of the backbone's last map, which is what ConvNets and ResNets give. The covariance terms are halved, as in the
 * authors' code: means over the views, where VICReg has their sum. Two views of one size; the paper adds small ones for its larger networks.
 * @example
 * ```ts
 * import { gridLocations } from '@selfsup/augment';
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { vicregL } from '@selfsup/pretext-tasks/vicreg-l';
 * const backbone = convNet({ channels: 3 });
 * const head = (outputDim: number) => projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim, batchNorm: true });
 * const task = vicregL({ backbone, projectionHead: head(256), localHead: head(64), locate: gridLocations });
 * console.log(task.name);
 * ```
 */
export function vicregL(options: VicregLOptions): PretextTask<VicregLBatch, VicregLTargets, VicregLEmbeddings> {
  const { locate, alpha = 0.75, numMatches = [20, 4] } = options;
  const { invarianceWeight = 25, varianceWeight = 25, covarianceWeight = 1 } = options;
  checkWeights('vicreg-l', { alpha, invarianceWeight, varianceWeight, covarianceWeight });
  if (alpha > 1) throw optionError('vicreg-l', { name: 'alpha', expected: 'in [0, 1]', got: alpha });
  checkCounts('vicreg-l', { 'numMatches[0]': numMatches[0], 'numMatches[1]': numMatches[1] });
  const weights = { invarianceWeight, varianceWeight };
  return {
    api: 1,
    name: 'vicreg-l',
    create({ rng }) {
      const backbone = mappedBackbone(options.backbone, rng.fold('backbone'));
      const projectionHead = options.projectionHead(rng.fold('projectionHead'));
      const localHead = options.localHead(rng.fold('localHead'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, projectionHead, localHead }),
        targets({ views, boxes, flips }) {
          checkPlaces(checkViewPair('vicreg-l', views)[0].shape[0], { boxes, flips });
          return { boxes, flips };
        },
        embed({ views }, _, context) {
          const sides = checkViewPair('vicreg-l', views).map((images, i) => {
            const apply = applyOptions(context, `view ${i}`);
            const map = lastMap(backbone, images, apply);
            const [n, rows, columns, channels] = map.shape;
            const places = localHead.apply(tf.reshape(map, [n * rows * columns, channels]), { ...apply, rng: apply.rng.fold('places') });
            return {
              projection: projectionHead.apply(tf.mean<tf.Tensor2D>(map, [1, 2]), { ...apply, rng: apply.rng.fold('whole') }),
              places: tf.reshape<tf.Rank.R4>(places, [n, rows, columns, -1]),
            };
          });
          return { projections: sides.map(({ projection }) => projection), places: sides.map(({ places }) => places) };
        },
        loss({ projections, places }, { boxes, flips }) {
          const [first, second] = [projections[0]!, projections[1]!];
          const globalLoss = vicregLoss(first, second, { ...weights, covarianceWeight: covarianceWeight / 2 });
          const sides = places.map((map, i) => {
            const [n, rows, columns, dim] = map.shape;
            const at = locate(boxes[i]!, flips[i]!, { rows, columns });
            return { at, z: tf.reshape<tf.Rank.R3>(map, [n, rows * columns, dim]) };
          });
          const [a, b] = [sides[0]!, sides[1]!];
          const local = [[a, b] as const, [b, a] as const].map(([x, y]) =>
            vicregLocalLoss(x.z, y.z, { locations: [x.at, y.at], numMatches, ...weights, covarianceWeight }),
          );
          const localLoss = tf.div<tf.Scalar>(tf.addN(local), 2);
          return {
            loss: tf.add<tf.Scalar>(tf.mul(globalLoss, alpha), tf.mul(localLoss, 1 - alpha)),
            metrics: { globalLoss, localLoss, zStd: embeddingStd(first) },
          };
        },
      };
    },
  };
}

/** A backbone with maps; throws and disposes it when it has none. */
function mappedBackbone(factory: (rng: Rng) => Module<tf.Tensor4D, tf.Tensor2D>, rng: Rng): Mapped {
  const backbone = factory(rng);
  if (hasMaps(backbone)) return backbone;
  backbone.dispose();
  throw optionError('vicreg-l', { name: 'backbone', expected: 'an encoder with maps, such as convNet', got: 'one without' });
}

/** Throws unless there are `boxes` `[n, 4]` and `flips` `[n]` of both views. */
function checkPlaces(n: number, batch: { readonly boxes?: readonly tf.Tensor[]; readonly flips?: readonly tf.Tensor[] }): void {
  for (const [name, shape] of [
    ['boxes', [n, 4]],
    ['flips', [n]],
  ] as const) {
    const given = batch[name];
    if (given?.length !== 2)
      throw new SelfsupError(
        'SELFSUP_BATCH',
        `vicreg-l: the batch must have \`${name}\`, a list of exactly 2 tensors, got ${given === undefined ? 'undefined' : `${given.length}`}`,
      );
    for (const [i, tensor] of given.entries())
      if (tensor.shape.join() !== shape.join())
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `vicreg-l: \`${name}[${i}]\` must have shape [${shape.join(', ')}], got [${tensor.shape.join(', ')}]`,
        );
  }
}

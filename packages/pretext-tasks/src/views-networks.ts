import * as tf from '@tensorflow/tfjs-core';
import type { PretextTask, StepContext, Targets } from '@selfsup/core';
import { embeddingStd } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkViews } from './check-views.ts';
import { encodeCrops, groupBySize } from './encode-crops.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories } from './projection-networks.ts';

/** `views`, two or more float32 tensors `[n, height, width, channels]`, row i of each from image i. */
export type ManyViewsBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link viewsTask} needs. */
export interface ViewsTask extends NetworkFactories {
  /** The task's name. */
  name: string;
  /** Whether views of one size pass the networks as one batch, whose statistics span them; else each view on its own. */
  together: boolean;
  /** Throws unless the views fit; default two or more of one shape. */
  check?: (who: string, views: readonly tf.Tensor4D[] | undefined) => readonly tf.Tensor4D[];
  /**
   * The loss of the projections `[n, projectionDim]` of all views of the whole update; the first `numGlobal` are those of the leading views that have the size of the
   * first.
   */
  loss: (projections: readonly tf.Tensor2D[], context: StepContext & { readonly numGlobal: number }) => tf.Scalar;
}

/** Projections `[n, projectionDim]` of the leading views of one size under `projections`, and of those after them, if any, under `localProjections`. */
export type ProjectedCrops = Readonly<Record<string, readonly tf.Tensor2D[]>>;

/**
 * A task whose loss is a function of the projections of all views: one backbone, one head, no copies, no state. Internal.
 *
 * @returns the task with the metric `zStd`
 */
export function viewsTask(options: ViewsTask): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { name, together, check = checkViews, loss } = options;
  return {
    api: 1,
    name,
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        embed({ views }, _, context) {
          const checked = check(name, views);
          const projections = together
            ? tf.split<tf.Tensor2D>(encodeCrops(networks, checked, applyOptions(context, 'views')), checked.length)
            : checked.map((images, i) => project(networks, images, applyOptions(context, `view ${i}`)));
          const numGlobal = groupBySize(checked)[0]!.length;
          const localProjections = projections.slice(numGlobal);
          return { projections: projections.slice(0, numGlobal), ...(localProjections.length > 0 && { localProjections }) };
        },
        loss({ projections = [], localProjections = [] }, __, context) {
          const numGlobal = projections.length;
          return {
            loss: loss([...projections, ...localProjections], { ...context, numGlobal }),
            metrics: { zStd: embeddingStd(projections[0]!) },
          };
        },
      };
    },
  };
}

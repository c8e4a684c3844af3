import { joinVariables, l2Normalize, SelfsupError, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Two or more views of the same images, each float32 `[batch, height, width, channels]`. */
export type {{pascalName}}Batch = { readonly views: readonly tf.Tensor4D[] };
/** What `embed` says of each image: one unit vector per view, each `[batch, dim]`. */
export type {{pascalName}}Embeddings = { readonly projections: readonly tf.Tensor2D[] };

/** Options of {@link {{camelName}}}. */
export interface {{pascalName}}Options {
  /** The encoder that is kept after pretraining. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** From the encoder's features to the embeddings that the loss compares. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** How much spreading out counts beside agreement; at least 0, default 1. */
  uniformityWeight?: number;
}

/**
 * {{title}}: views of one image come close to each other, all images spread out over the sphere.
 *
 * This is alignment and uniformity (Wang and Isola, https://arxiv.org/abs/2005.10242), a working start. Replace the loss by your own idea; the phases stay:
 * `targets` (optional, no gradients: masks, corruption, a teacher) → `embed` (row by row) → `loss` (all rows of the update) → `afterStep` (optional: moving
 * averages, queues). A task whose samples do not meet in the loss leaves `embed` out; its `loss` then gets the batch.
 */
export function {{camelName}}(options: {{pascalName}}Options): PretextTask<{{pascalName}}Batch, Targets, {{pascalName}}Embeddings> {
  const { uniformityWeight = 1 } = options;
  if (!(uniformityWeight >= 0))
    throw new SelfsupError('SELFSUP_OPTION', `{{name}}: \`uniformityWeight\` must be a number >= 0, got ${uniformityWeight}`);
  return {
    api: 1,
    name: '{{name}}',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const projectionHead = options.projectionHead(rng.fold('projectionHead'));
      return {
        encoders: { backbone },
        trainable: joinVariables({ backbone: backbone.trainable, projectionHead: projectionHead.trainable }),
        buffers: joinVariables({ backbone: backbone.buffers, projectionHead: projectionHead.buffers }),
        embed({ views }, _targets, { training, synchronize, stream }) {
          if (views.length < 2)
            throw new SelfsupError('SELFSUP_BATCH', `{{name}}: \`views\` must be two or more tensors, got ${views.length}`);
          const projections = views.map((view, i) => {
            // streams make dropout repeatable: the same name gives the same numbers within a step
            const features = backbone.apply(view, { training, synchronize, rng: stream(`backbone ${i}`) }); // [batch, outputDim]
            return l2Normalize(projectionHead.apply(features, { training, synchronize, rng: stream(`projectionHead ${i}`) })) as tf.Tensor2D; // [batch, dim]
          });
          return { projections };
        },
        loss({ projections }) {
          const [first, ...others] = projections as [tf.Tensor2D, ...tf.Tensor2D[]];
          const alignment = mean(others.map((other) => tf.mean<tf.Scalar>(tf.sum(tf.square(tf.sub(first, other)), 1))));
          const uniformity = mean(projections.map(uniformityOf));
          return {
            loss: tf.add<tf.Scalar>(alignment, tf.mul(uniformity, uniformityWeight)),
            // zStd tells `selfsup train` when the embeddings collapse
            metrics: { alignment, uniformity, zStd: deviationOf(first) },
          };
        },
        dispose() {
          backbone.dispose();
          projectionHead.dispose();
        },
      };
    },
  };
}

const mean = (values: readonly tf.Scalar[]): tf.Scalar => tf.div<tf.Scalar>(tf.addN([...values]), values.length);

/** The logarithm of the mean of exp(−2 · distance²) over all pairs of different rows of unit vectors `[rows, dim]`. */
function uniformityOf(rows: tf.Tensor2D): tf.Scalar {
  const [count] = rows.shape;
  const squaredDistances = tf.sub(2, tf.mul(2, tf.matMul(rows, rows, false, true))); // [count, count]
  const others = tf.sub(1, tf.eye(count)); // a row is no pair with itself
  const total = tf.sum(tf.mul(tf.exp(tf.mul(squaredDistances, -2)), others));
  return tf.log<tf.Scalar>(tf.div(total, count * (count - 1)));
}

/** The mean deviation per dimension of unit vectors `[rows, dim]`: about 1/√dim when healthy, 0 when collapsed. */
const deviationOf = (rows: tf.Tensor2D): tf.Scalar => tf.mean<tf.Scalar>(tf.sqrt(tf.moments(rows, 0).variance));

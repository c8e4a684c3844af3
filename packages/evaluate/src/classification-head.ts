import { drawNormal, dropout, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Dropout and a linear layer. Internal. */
export interface ClassificationHead {
  readonly trainable: VariableMap;
  /** `[batch, dim]` to logits `[batch, numClasses]`. */
  apply(features: tf.Tensor2D, options: ApplyOptions): tf.Tensor2D;
  /** The weights, `[dim, numClasses]` and `[numClasses]`, as they are now. */
  values(): Promise<HeadWeights>;
  dispose(): void;
}

/** The linear layer of a classifier: logits = features · kernel + bias. */
export interface HeadWeights {
  /** `[dim, numClasses]`, row by row. */
  readonly kernel: Float32Array;
  /** `[numClasses]`. */
  readonly bias: Float32Array;
}

/** Makes the classifier of BERT's fine-tuning: kernel normal with deviation 0.02, bias 0. Internal. */
export function classificationHead(rng: Rng, options: { dim: number; numClasses: number; dropoutRate: number }): ClassificationHead {
  const { dim, numClasses, dropoutRate: rate } = options;
  const values = drawNormal(rng, dim * numClasses, { standardDeviation: 0.02 });
  const kernel = tf.tidy(() => tf.variable(tf.tensor2d(values, [dim, numClasses])));
  const bias = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([numClasses])));
  return {
    trainable: { kernel, bias },
    apply: (features, { training, rng: stream }) =>
      tf.tidy(() => {
        const a = training && rate > 0 ? dropout(features, { rate, rng: stream! }) : features;
        return tf.fused.matMul({ a, b: kernel, bias }) as tf.Tensor2D; // [batch, numClasses]
      }),
    values: async () => ({
      kernel: Float32Array.from(await kernel.data<'float32'>()), // the backend may keep what it gave
      bias: Float32Array.from(await bias.data<'float32'>()),
    }),
    dispose() {
      kernel.dispose();
      bias.dispose();
    },
  };
}

import { abandonTape, SelfsupError, softmaxCrossEntropy, type ApplyOptions, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ClassificationHead } from './classification-head.ts';
import type { FeatureEncoder, LabeledExamples } from './labeled-examples.ts';

function checkFeatures2d(features: tf.Tensor, batch: number): tf.Tensor2D {
  if (features.rank !== 2 || features.shape[0] !== batch)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `fineTune: \`encoder\` must give [${batch}, dim] for a batch of ${batch}, got [${features.shape.join(', ')}]`,
    );
  return features as tf.Tensor2D;
}

/** Runs `use` on the input made of these examples, which is disposed afterwards. Internal. */
export async function withInput<I extends tf.TensorContainer, R>(
  examples: LabeledExamples<I>,
  indices: Int32Array,
  use: (input: I) => R | Promise<R>,
): Promise<R> {
  const input = await examples.read(indices);
  try {
    return await use(input);
  } finally {
    tf.dispose(input);
  }
}

/** The columns of the encoder's features, by a look at one example. Internal. */
export const featureDim = <I extends tf.TensorContainer>(encoder: FeatureEncoder<I>, train: LabeledExamples<I>) =>
  withInput(train, Int32Array.of(0), (input) => {
    let dim = 0;
    tf.tidy(() => {
      dim = checkFeatures2d(encoder.apply(input, { training: false }), 1).shape[1];
    });
    return dim;
  });

/** What `fineTune` trains. Internal. */
export interface Classifier<I> {
  readonly encoder: FeatureEncoder<I>;
  readonly head: ClassificationHead;
}

function logitsOf<I>({ encoder, head }: Classifier<I>, input: I, batch: { size: number; apply: ApplyOptions }): tf.Tensor2D {
  const { training, rng } = batch.apply;
  const features = checkFeatures2d(encoder.apply(input, { training, ...(rng && { rng: rng.fold('encoder') }) }), batch.size);
  return head.apply(features, { training, ...(rng && { rng: rng.fold('head') }) });
}

/** What {@link predict} gives: the class of each example, and the mean cross entropy of the true ones in nats. Internal. */
export interface Predicted {
  readonly predictions: Int32Array;
  readonly loss: number;
}

/** Classifies examples in evaluation mode. Internal. */
export async function predict<I extends tf.TensorContainer>(
  classifier: Classifier<I>,
  test: LabeledExamples<I>,
  options: { batchSize: number; signal: AbortSignal | undefined },
): Promise<Predicted> {
  const predictions = new Int32Array(test.labels.length);
  let sum = 0;
  const order = test.cheapOrder ?? Int32Array.from(predictions.keys());
  for (let start = 0; start < order.length; start += options.batchSize) {
    options.signal?.throwIfAborted();
    const indices = order.slice(start, start + options.batchSize);
    const [classes, losses] = await withInput(test, indices, async (input) => {
      const found = tf.tidy((): [tf.Tensor1D, tf.Tensor1D] => {
        const logits = logitsOf(classifier, input, { size: indices.length, apply: { training: false } }); // [batch, classes]
        const labels = Int32Array.from(indices, (index) => test.labels[index]!);
        return [tf.argMax<tf.Tensor1D>(logits, 1), softmaxCrossEntropy(logits, tf.tensor1d(labels, 'int32'))];
      });
      return Promise.all(found.map((values) => values.data())).finally(() => {
        tf.dispose(found);
      });
    });
    indices.forEach((index, row) => {
      predictions[index] = classes![row]!;
      sum += losses![row]!;
    });
  }
  return { predictions, loss: sum / predictions.length };
}

/** One forward and backward pass and the update; gives the loss. Internal. */
export async function trainStep<I>(
  classifier: Classifier<I>,
  batch: { input: I; labels: Int32Array; apply: ApplyOptions },
  options: { variables: VariableMap; update: (gradients: Record<string, tf.Tensor | null>) => void },
): Promise<number> {
  const { input, labels, apply } = batch;
  const [paths, list] = [Object.keys(options.variables), Object.values(options.variables)];
  let loss: tf.Scalar;
  try {
    loss = tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(
        () => {
          const logits = logitsOf(classifier, input, { size: labels.length, apply });
          return tf.mean<tf.Scalar>(softmaxCrossEntropy(logits, tf.tensor1d(labels, 'int32')));
        },
        list,
        undefined,
        true,
      );
      options.update(Object.fromEntries(paths.map((path, i) => [path, grads[i] ?? null])));
      return value;
    });
  } catch (error) {
    abandonTape();
    throw error;
  }
  const [value] = await loss.data().finally(() => {
    loss.dispose();
  });
  return value!;
}

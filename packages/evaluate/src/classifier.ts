import { abandonTape, SelfsupError, softmaxCrossEntropy, type ApplyOptions, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ClassificationHead } from './classification-head.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import type { FeatureEncoder, LabeledExamples, MixedExamples } from './labeled-examples.ts';
import { largestOfRows } from './probe/logistic-problem.ts';

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

/** What {@link predict} gives: the logits of each example, its class, and the mean cross entropy of the true ones in nats. Internal. */
export interface Predicted {
  readonly logits: FeatureMatrix;
  readonly predictions: Int32Array;
  readonly loss: number;
}

/** −log of the softmax of a row at the true class. */
function crossEntropyOf(row: Float32Array, label: number): number {
  let most = -Infinity;
  for (const value of row) most = Math.max(most, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - most);
  return Math.log(sum) + most - row[label]!;
}

/** Classifies examples in evaluation mode. Internal. */
export async function predict<I extends tf.TensorContainer>(
  classifier: Classifier<I>,
  test: LabeledExamples<I>,
  options: { batchSize: number; signal: AbortSignal | undefined },
): Promise<Predicted> {
  const count = test.labels.length;
  let data: Float32Array | undefined;
  let numClasses = 0;
  let sum = 0;
  const order = test.cheapOrder ?? Int32Array.from({ length: count }, (_, i) => i);
  for (let start = 0; start < order.length; start += options.batchSize) {
    options.signal?.throwIfAborted();
    const indices = order.slice(start, start + options.batchSize);
    const rows = await withInput(test, indices, async (input) => {
      const logits = tf.tidy(() => logitsOf(classifier, input, { size: indices.length, apply: { training: false } })); // [batch, classes]
      numClasses = logits.shape[1];
      return logits.data<'float32'>().finally(() => {
        logits.dispose();
      });
    });
    data ??= new Float32Array(count * numClasses);
    for (const [i, index] of indices.entries()) {
      const row = rows.subarray(i * numClasses, (i + 1) * numClasses);
      data.set(row, index * numClasses);
      sum += crossEntropyOf(row, test.labels[index]!);
    }
  }
  const logits = { data: data!, shape: [count, numClasses] as const };
  return { logits, predictions: largestOfRows(logits.data, numClasses), loss: sum / count };
}

/** The mean cross entropy of a batch; of mixed examples that of both classes, each by its share. */
function lossOf(
  logits: tf.Tensor2D,
  labels: Int32Array,
  mixed: Pick<MixedExamples<unknown>, 'partners' | 'weights'> | undefined,
): tf.Scalar {
  const own = tf.tensor1d(labels, 'int32');
  const each = softmaxCrossEntropy(logits, own); // [batch]
  if (!mixed) return tf.mean<tf.Scalar>(each);
  const { partners, weights } = mixed;
  const others = softmaxCrossEntropy(logits, tf.gather(own, partners));
  return tf.mean<tf.Scalar>(tf.add(tf.mul(each, weights), tf.mul(others, tf.sub(1, weights))));
}

/** One forward and backward pass and the update; gives the loss. Internal. */
export async function trainStep<I>(
  classifier: Classifier<I>,
  batch: { input: I; labels: Int32Array; apply: ApplyOptions; mixed?: Pick<MixedExamples<I>, 'partners' | 'weights'> | undefined },
  options: { variables: VariableMap; update: (gradients: Record<string, tf.Tensor | null>) => void },
): Promise<number> {
  const { input, labels, apply, mixed } = batch;
  const [paths, list] = [Object.keys(options.variables), Object.values(options.variables)];
  let loss: tf.Scalar;
  try {
    loss = tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(
        () => {
          const logits = logitsOf(classifier, input, { size: labels.length, apply });
          return lossOf(logits, labels, mixed);
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

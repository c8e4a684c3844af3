import { oneHot, SelfsupError, softmaxCrossEntropy, type Batch } from '@selfsup/core';
import { adamW, applyUpdates } from '@selfsup/optim';
import * as tf from '@tensorflow/tfjs-core';
import { hasLabels, type EncodedBank } from './knn-probe.ts';
import type { AnyModality, AnyModule, RunData } from './modality.ts';
import type { Measures, Probe } from './probe.ts';

/** A linear classifier that learns beside a run, on the features of its training samples; nothing of it reaches the run. */
export interface OnlineProbe extends Probe {
  /** Remembers what the update under way trains on; call it in `prepare`. */
  observe(raw: unknown, batch: Batch): void;
  /** After the update: trains the classifier on what was remembered, and says how it did, `onlineLoss` in nats and `onlineAccuracy` in percent; nothing without labels. */
  onStep(): Promise<Measures>;
  /** Frees the classifier and what is remembered. */
  dispose(): void;
}

/** What {@link createOnlineProbe} needs. */
export interface OnlineProbeContext {
  /** Says what of a batch the encoder reads. */
  readonly modality: AnyModality;
  /** With labels. */
  readonly data: RunData;
  /** The features of the test samples as they are now, which another probe encoded. */
  readonly encoded: () => EncodedBank | undefined;
}

const LEARNING_RATE = 3e-3;
/** The weight of the old statistics. */
const MOMENTUM = 0.9;
const EPSILON = 1e-5;

/** The classifier: standardized features times a kernel, plus a bias, all zeros in the beginning. */
function createHead(dim: number, numClasses: number) {
  const variables = tf.tidy(() => ({
    kernel: tf.variable(tf.zeros<tf.Rank.R2>([dim, numClasses])),
    bias: tf.variable(tf.zeros<tf.Rank.R1>([numClasses])),
  }));
  const statistics = tf.tidy(() => ({ mean: tf.variable(tf.zeros<tf.Rank.R1>([dim])), variance: tf.variable(tf.ones<tf.Rank.R1>([dim])) }));
  const optimizer = adamW({ learningRate: LEARNING_RATE, weightDecay: 0 }).init(variables);
  let step = 0;
  const standardized = (x: tf.Tensor2D, mean: tf.Tensor, variance: tf.Tensor) =>
    tf.div<tf.Tensor2D>(tf.sub(x, mean), tf.sqrt(tf.add(variance, EPSILON)));
  const logitsOf = (x: tf.Tensor2D) => tf.add<tf.Tensor2D>(tf.matMul(x, variables.kernel), variables.bias);
  return {
    /** One update on `[n, dim]`; gives loss and the share of right predictions, before the update, in one tensor `[2]`. */
    train: (features: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D =>
      tf.tidy(() => {
        const n = features.shape[0];
        const { mean, variance } = tf.moments(features, 0);
        for (const [kept, now] of [
          [statistics.mean, mean],
          [statistics.variance, variance],
        ] as const)
          // prettier-ignore
          kept.assign(step === 0 ? (now as tf.Tensor1D) : tf.add(tf.mul(kept, MOMENTUM), tf.mul(now, 1 - MOMENTUM)));
        const x = n > 1 ? standardized(features, mean, variance) : standardized(features, statistics.mean, statistics.variance);
        const logits = logitsOf(x); // [n, numClasses]
        const loss = tf.mean(softmaxCrossEntropy(logits, labels));
        const right = tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
        const slope = tf.div<tf.Tensor2D>(tf.sub(tf.softmax(logits), oneHot(labels, numClasses)), n);
        const gradients = { kernel: tf.matMul(x, slope, true), bias: tf.sum(slope, 0) };
        applyUpdates(variables, optimizer.update(gradients, { step: step++, variables }));
        return tf.stack([loss, right]) as tf.Tensor1D;
      }),
    /** The classes of `[n, dim]`, int32 `[n]`. */
    classify: (features: tf.Tensor2D): tf.Tensor1D =>
      tf.tidy(() => tf.argMax<tf.Tensor1D>(logitsOf(standardized(features, statistics.mean, statistics.variance)), 1)),
    dispose() {
      optimizer.dispose();
      tf.dispose([Object.values(variables), Object.values(statistics)]);
    },
  };
}

/** Refuses an online probe of data that has none; see {@link createOnlineProbe}. */
export function assertOnlineProbe({ modality, data }: Pick<OnlineProbeContext, 'modality' | 'data'>): void {
  if (!modality.probeInput)
    throw new SelfsupError('SELFSUP_OPTION', `\`onlineProbe\` is not there for data of the kind ${modality.name}; leave it out`);
  if (!hasLabels(data))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `\`onlineProbe\` needs labels of training and test ${data.unit}, which ${data.name} does not have; leave it out, or give data with labels`,
    );
}

/**
 * Makes the online probe of a run: a linear classifier that is trained after each update on the features of the first view of its samples, as the encoder gives them at inference.
 *
 * @param features gives the features, as far as the encoder has been trained
 * @param context see {@link OnlineProbeContext}
 * @returns the probe, named `online-probe`; dispose it
 * @throws SelfsupError `SELFSUP_OPTION` when the kind of data has no features of batches, `SELFSUP_DATA` without labels of training and test samples
 * @remarks It draws nothing and writes nothing that the run reads, so that the run has the same bits with it and without. AdamW with a rate of 0.003; features are standardized by the batch, test
 * features by running statistics. It sees samples in augmented views and an encoder that moves on, so it lags behind `linearProbe`, which is fitted to its optimum. A resumed run starts it anew.
 */
export function createOnlineProbe(features: AnyModule, context: OnlineProbeContext): OnlineProbe {
  const { modality, data, encoded } = context;
  assertOnlineProbe(context);
  const [labels, testLabels] = [data.train.labels!, data.test!.labels!];
  const numClasses = [...labels, ...testLabels].reduce((most, label) => Math.max(most, label), 0) + 1;
  const remembered: { input: tf.Tensor; labels: Int32Array }[] = [];
  let head: ReturnType<typeof createHead> | undefined;
  const forget = () => {
    tf.dispose(remembered.splice(0).map(({ input }) => input));
  };
  return {
    name: 'online-probe',
    observe(raw, batch) {
      const input = modality.probeInput!(batch);
      const { indices } = raw as { indices?: Int32Array };
      if (!input || indices?.length !== input.shape[0]) return;
      remembered.push({ input: tf.keep(tf.clone(input)), labels: indices.map((index) => labels[index]!) });
    },
    async onStep() {
      let [loss, right, count] = [0, 0, 0];
      try {
        for (const { input, labels: all } of remembered) {
          const rows = [...all.keys()].filter((row) => all[row]! >= 0);
          if (rows.length === 0) continue;
          const found = tf.tidy(() => {
            const x = features.apply(input, { training: false }) as tf.Tensor2D;
            head ??= createHead(x.shape[1], numClasses);
            const labeled = rows.length === all.length ? x : tf.gather(x, tf.tensor1d(rows, 'int32'));
            return head.train(labeled, tf.tensor1d(rows.map((row) => all[row]!), 'int32')); // prettier-ignore
          });
          const [one, share] = await found.data().finally(() => {
            found.dispose();
          });
          [loss, right, count] = [loss + one! * rows.length, right + share! * rows.length, count + rows.length];
        }
      } finally {
        forget();
      }
      return count === 0 ? {} : { onlineLoss: loss / count, onlineAccuracy: (100 * right) / count };
    },
    baselines() {
      const known = testLabels.filter((label) => label >= 0);
      const counts = new Map<number, number>();
      for (const label of known) counts.set(label, (counts.get(label) ?? 0) + 1);
      return Promise.resolve({ chance: (100 * Math.max(...counts.values())) / known.length });
    },
    async measure() {
      const test = encoded()?.test;
      if (!head || !test) return {};
      const { data: values, shape, indices } = test.features;
      const classes = tf.tidy(() => head!.classify(tf.tensor2d(values, [...shape])));
      const found = await classes.data().finally(() => {
        classes.dispose();
      });
      const known = [...indices.keys()].filter((row) => testLabels[indices[row]!]! >= 0);
      const right = known.filter((row) => found[row] === testLabels[indices[row]!]).length;
      return { accuracy: (100 * right) / known.length };
    },
    describe: ({ accuracy, chance }) =>
      accuracy === undefined
        ? `online probe ${chance === undefined ? 'not trained yet' : `by chance ${chance.toFixed(2)} %`}`
        : `online probe ${accuracy.toFixed(2)} %`,
    // chance is no baseline of pretraining: fresh weights beat it, too
    compare: ({ accuracy }) =>
      accuracy === undefined ? [] : [{ title: 'online linear probe', unit: '%', better: 'higher', trained: accuracy, baselines: {} }],
    dispose() {
      forget();
      head?.dispose();
      head = undefined;
    },
  };
}

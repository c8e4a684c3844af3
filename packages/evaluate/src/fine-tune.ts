import {
  createRng,
  drawPermutation,
  join,
  joinVariables,
  linearDecay,
  linearWarmup,
  nextTurn,
  SelfsupError,
  shareOf,
  type Rng,
} from '@selfsup/core';
import { adamW, applyUpdates, chain, clipByGlobalNorm, noDecayOnNorms } from '@selfsup/optim';
import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from './accuracy.ts';
import { classificationHead, type HeadWeights } from './classification-head.ts';
import { featureDim, predict, trainStep, withInput } from './classifier.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { checkExamples, type FeatureEncoder, type LabeledExamples, type MixedExamples } from './labeled-examples.ts';

/** Options of {@link fineTune}. */
export interface FineTuneOptions<I extends tf.TensorContainer> {
  /** What is trained together with a classifier on top; it is changed and stays the caller's. */
  encoder: FeatureEncoder<I>;
  /** What is trained on. */
  train: LabeledExamples<I>;
  /** What the accuracy is measured on, once, at the end. */
  test: LabeledExamples<I>;
  /** Passes over the training examples, an integer ≥ 1; default 3. */
  epochs?: number;
  /** At least so many updates: more passes are made where few examples give fewer; an integer ≥ 0, default 0. */
  minSteps?: number;
  /** Examples in an update, an integer ≥ 1; the last update of a pass may have fewer; default 32. */
  batchSize?: number;
  /** The highest rate, > 0; default 5e-5. It rises from 0 over the first tenth of the updates and falls to 0 in a line. */
  learningRate?: number;
  /** The share of the updates in which the rate rises, in [0, 1); default 0.1. */
  warmup?: number;
  /** AdamW's decay, ≥ 0; default 0.01. Matrices decay, vectors (biases and norms) do not. */
  weightDecay?: number;
  /** Gradients are clipped to this global norm, > 0; default 1. */
  maxNorm?: number;
  /**
   * Mixes the examples of each update, as mixup and cutmix do: `mixup` and `cutmix` of @selfsup/augment draw the like. An example then has two classes, each by
   * its share. Default not.
   */
  mix?: (input: I, rng: Rng) => MixedExamples<I>;
  /** How much of the features is dropped before the classifier, in [0, 1); default 0.1. */
  dropoutRate?: number;
  /** Decides the classifier's first weights, the order and the dropout, a safe integer; default 0. */
  seed?: number;
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal;
  /** Called after each update. */
  onStep?: (step: { step: number; steps: number; loss: number }) => void;
}

/** What {@link fineTune} gives. */
export interface FineTuneResult {
  /** The share of test examples that the last weights classify rightly, in [0, 1]. */
  readonly accuracy: number;
  /** The mean cross entropy of the test examples' classes, in nats. */
  readonly testLoss: number;
  /** `[test examples]`: the predicted classes. */
  readonly predictions: Int32Array;
  /** Float32 `[test examples, numClasses]`: their logits. */
  readonly logits: FeatureMatrix;
  /** The classifier on top of the encoder's features, as it is at the end. */
  readonly head: HeadWeights;
  /** The mean loss of each pass, in nats. */
  readonly losses: readonly number[];
  /** Updates made. */
  readonly steps: number;
  /** Of training, without the test. */
  readonly seconds: number;
}

type Numbers = 'epochs' | 'minSteps' | 'batchSize' | 'learningRate' | 'warmup' | 'weightDecay' | 'maxNorm' | 'dropoutRate';

function checkNumbers(numbers: Readonly<Record<Numbers, number>>): void {
  const demand = (name: Numbers, fits: boolean, what: string) => {
    if (!fits) throw new SelfsupError('SELFSUP_OPTION', `fineTune: \`${name}\` must be ${what}, got ${numbers[name]}`);
  };
  for (const name of ['epochs', 'batchSize'] as const)
    demand(name, Number.isSafeInteger(numbers[name]) && numbers[name] >= 1, 'an integer >= 1');
  demand('minSteps', Number.isSafeInteger(numbers.minSteps) && numbers.minSteps >= 0, 'an integer >= 0');
  for (const name of ['learningRate', 'maxNorm'] as const) demand(name, numbers[name] > 0 && numbers[name] < Infinity, 'a number > 0');
  for (const name of ['warmup', 'dropoutRate'] as const) demand(name, numbers[name] >= 0 && numbers[name] < 1, 'in [0, 1)');
  demand('weightDecay', numbers.weightDecay >= 0 && numbers.weightDecay < Infinity, 'a number >= 0');
}

/**
 * Trains an encoder together with a classifier on labeled examples, as BERT is fine-tuned, and measures it on others.
 *
 * @param options see {@link FineTuneOptions}; {@link tokenClassification} and {@link imageClassification} make the examples
 * @returns see {@link FineTuneResult}; the encoder has the weights of the end
 * @throws SelfsupError `SELFSUP_OPTION` on a number or a label out of range, `SELFSUP_DATA` without examples, `SELFSUP_SHAPE` when the features are not
 * `[batch, dim]`, `SELFSUP_NON_FINITE` when the loss is not finite
 * @see Devlin et al.: "BERT", appendix A.3, https://arxiv.org/abs/1810.04805
 * @remarks AdamW with bias correction, which small sets need (Mosbach et al., https://arxiv.org/abs/2006.04884). The test examples are looked at once, with
 * the weights of the last update: no best epoch is chosen. The same seed gives the same result on the same backend.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny } from '@selfsup/encoders';
 * import { fineTune, poolTokens, tokenClassification } from '@selfsup/evaluate';
 * const encoder = bertTiny()(createRng(0)); // and `loadWeights` with what was pretrained
 * const train = tokenClassification({ sequences: [[101, 2204, 102], [101, 2919, 102]], labels: [1, 0], numClasses: 2 });
 * const { accuracy } = await fineTune({ encoder: poolTokens(encoder), train, test: train, epochs: 2, learningRate: 1e-4 });
 * ```
 */
export async function fineTune<I extends tf.TensorContainer>(options: FineTuneOptions<I>): Promise<FineTuneResult> {
  const { encoder, train, test, seed = 0, signal, onStep, mix } = options;
  const { epochs = 3, minSteps = 0, batchSize = 32, learningRate = 5e-5, warmup = 0.1 } = options;
  const { weightDecay = 0.01, maxNorm = 1, dropoutRate = 0.1 } = options;
  checkNumbers({ epochs, minSteps, batchSize, learningRate, warmup, weightDecay, maxNorm, dropoutRate });
  checkExamples('fineTune: `train`', train);
  checkExamples('fineTune: `test`', { labels: test.labels, numClasses: train.numClasses });
  const rng = createRng(seed).fold('fine-tune');
  const count = train.labels.length;
  const stepsPerEpoch = Math.ceil(count / batchSize);
  const passes = Math.max(epochs, Math.ceil(minSteps / stepsPerEpoch));
  const steps = passes * stepsPerEpoch;
  const warm = shareOf(steps, warmup, 'ceil');
  const rise = linearWarmup({ from: learningRate / Math.max(1, warm), to: learningRate, steps: Math.max(0, warm - 1) });
  const rate = join([rise, linearDecay({ initial: learningRate, steps: Math.max(1, steps - warm) })], { boundaries: [warm] });
  const head = classificationHead(rng.fold('head'), { dim: await featureDim(encoder, train), numClasses: train.numClasses, dropoutRate });
  const classifier = { encoder, head };
  const variables = joinVariables({ encoder: encoder.trainable, head: head.trainable });
  const optimizer = chain(clipByGlobalNorm(maxNorm), adamW({ learningRate: rate, weightDecay, mask: noDecayOnNorms })).init(variables);
  const losses: number[] = [];
  try {
    const start = performance.now();
    for (let pass = 0; pass < passes; pass++) {
      const order = drawPermutation(rng.fold('order').fold(pass), count);
      let sum = 0;
      for (let i = 0; i < stepsPerEpoch; i++) {
        await nextTurn();
        signal?.throwIfAborted();
        const step = pass * stepsPerEpoch + i;
        const indices = order.slice(i * batchSize, (i + 1) * batchSize);
        const loss = await withInput(train, indices, (input) => {
          const labels = Int32Array.from(indices, (index) => train.labels[index]!);
          const apply = { training: true, rng: rng.fold('step').fold(step) };
          const mixed = mix?.(input, rng.fold('mix').fold(step));
          const trained = trainStep(
            classifier,
            { input: mixed?.input ?? input, labels, apply, mixed },
            {
              variables,
              update: (gradients) => {
                applyUpdates(variables, optimizer.update(gradients, { step, variables }));
              },
            },
          );
          return trained.finally(() => {
            if (mixed) tf.dispose([mixed.input, mixed.partners, mixed.weights]);
          });
        });
        if (!Number.isFinite(loss))
          throw new SelfsupError(
            'SELFSUP_NON_FINITE',
            `fineTune: the loss must be finite, got ${loss} at step ${step} of ${steps}; try a smaller \`learningRate\`, it is ${learningRate}`,
          );
        sum += loss * indices.length;
        onStep?.({ step: step + 1, steps, loss });
      }
      losses.push(sum / count);
    }
    const seconds = (performance.now() - start) / 1000;
    const { predictions, logits, loss: testLoss } = await predict(classifier, test, { batchSize, signal });
    return {
      accuracy: accuracy(predictions, test.labels),
      testLoss,
      predictions,
      logits,
      head: await head.values(),
      losses,
      steps,
      seconds,
    };
  } finally {
    optimizer.dispose();
    head.dispose();
  }
}

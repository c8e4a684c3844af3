import { SelfsupError } from '@selfsup/core';
import { clusterAgreement, kMeans, retrieval, type ClusterAgreement, type FeatureMatrix, type RetrievalResult } from '@selfsup/evaluate';
import { assertLabels, judgeEach } from './evaluate-encoder.ts';
import { encodeBank, type EncodedSamples } from './knn-probe.ts';
import type { LoadedEncoder } from './load-encoder.ts';
import type { AnyModule, OpenedSamples } from './modality.ts';
import { silentProgress, type Progress } from './progress.ts';

/** What {@link evaluateRetrieval} and {@link evaluateClustering} take both. */
export interface EvaluateSearchOptions {
  /** Also judge the raw input and the untrained encoder; default false. */
  baselines?: boolean | undefined;
  /** What the run started from, the `features` of `createStartOf`: with baselines judged, too. */
  start?: AnyModule | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** Options of {@link evaluateRetrieval}. */
export interface EvaluateRetrievalOptions extends EvaluateSearchOptions {
  /** How many of the most similar samples are looked at, integers ≥ 1; default 1, 5 and 10. */
  ks?: readonly number[] | undefined;
}

/** Options of {@link evaluateClustering}. */
export interface EvaluateClusteringOptions extends EvaluateSearchOptions {
  /** How many clusters, an integer ≥ 2; default as many as there are classes. */
  clusters?: number | undefined;
}

const labelsOf = ({ samples, features }: EncodedSamples) => features.indices.map((index) => samples.labels![index]!);

/** Rows divided by their lengths. */
function unit({ data, shape: [rows, dim] }: FeatureMatrix): FeatureMatrix {
  const scaled = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const from = data.subarray(row * dim, (row + 1) * dim);
    const length = Math.sqrt(from.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let d = 0; d < dim; d++) scaled[row * dim + d] = from[d]! / length;
  }
  return { data: scaled, shape: [rows, dim] };
}

/** Encodes both parts for each of the encoders, and judges. */
function judgeSearch<T>(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  { options, judge }: { options: EvaluateSearchOptions; judge: (train: EncodedSamples, test: EncodedSamples) => Promise<T> },
): Promise<Readonly<Record<string, T>>> {
  const { baselines = false, start, progress = silentProgress } = options;
  assertLabels(samples, encoder);
  const { modality, input, files } = encoder;
  const settings = { ...encoder.settings, knnBank: Infinity };
  const context = { modality, train: samples.train, test: samples.test, settings, encoding: { input, files, progress } };
  return judgeEach(encoder, { baselines, start }, async ([name, module]) => {
    const { bank, test } = await encodeBank(module, context, name);
    return judge(bank, test!);
  });
}

/**
 * Searches the training samples for each test sample: are the most similar ones of its class?
 *
 * @param encoder from `loadEncoder`
 * @param samples from `openSamplesFor`; both parts need labels
 * @param options see {@link EvaluateRetrievalOptions}
 * @returns findings of `retrieval` of `@selfsup/evaluate` by `trained`, and with baselines `untrained`, the raw input and, where it is given, `start`
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range, `SELFSUP_DATA` without labels
 */
export async function evaluateRetrieval(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: EvaluateRetrievalOptions = {},
): Promise<Readonly<Record<string, RetrievalResult>>> {
  const { ks } = options;
  return judgeSearch(encoder, samples, {
    options,
    judge: (train, test) =>
      retrieval({
        features: train.features,
        labels: labelsOf(train),
        queries: test.features,
        queryLabels: labelsOf(test),
        ...(ks && { ks }),
      }),
  });
}

/**
 * Divides the test samples into clusters by their features, as directions, and compares the clusters with the classes.
 *
 * @param encoder from `loadEncoder`
 * @param samples from `openSamplesFor`; both parts need labels
 * @param options see {@link EvaluateClusteringOptions}
 * @returns agreements by `trained`, and with baselines `untrained`, the raw input and, where it is given, `start`
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range, `SELFSUP_DATA` without labels of at least two classes
 */
export async function evaluateClustering(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: EvaluateClusteringOptions = {},
): Promise<Readonly<Record<string, ClusterAgreement & { readonly clusters: number }>>> {
  const { clusters } = options;
  if (clusters !== undefined && (!Number.isSafeInteger(clusters) || clusters < 2))
    throw new SelfsupError('SELFSUP_OPTION', `evaluateClustering: \`clusters\` must be an integer >= 2, got ${clusters}`);
  return judgeSearch(encoder, samples, {
    options,
    judge: async (_, test) => {
      const labels = labelsOf(test);
      const classes = new Set(labels).size;
      if (classes < 2)
        throw new SelfsupError('SELFSUP_DATA', `evaluateClustering: the test ${samples.unit} must have at least 2 classes, got ${classes}`);
      const count = clusters ?? classes;
      if (count > labels.length)
        throw new SelfsupError(
          'SELFSUP_OPTION',
          `evaluateClustering: \`clusters\` must be at most ${labels.length}, the number of test ${samples.unit} with a label, got ${count}`,
        );
      const found = await kMeans(unit(test.features), { count, seed: encoder.settings.seed });
      return { ...clusterAgreement(found.clusters, labels), clusters: count };
    },
  });
}

import { createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import { knnAccuracy, whiten } from '@selfsup/evaluate';
import type { AnyModality, AnyModule, EncodeOptions, Features } from './modality.ts';
import type { Samples } from './samples.ts';
import type { Probe } from './probe.ts';
import type { Settings } from './settings.ts';

/** Samples with their features. */
export interface EncodedSamples {
  /** What was encoded. */
  readonly samples: Samples;
  /** Its features, a row for each. */
  readonly features: Features;
}

/** What {@link encodeBank} and the probe of a run need. */
export interface KnnContext {
  /** Encodes the samples. */
  readonly modality: AnyModality;
  /** The samples that vote. */
  readonly train: Samples;
  /** The samples that are classified, where there are any. */
  readonly test?: Samples | undefined;
  /** How many vote, and how. */
  readonly settings: Pick<Settings, 'seed' | 'knnK' | 'knnTemperature' | 'knnWhitening' | 'knnBank'>;
  /** For encoding: input, files, progress. */
  readonly encoding: Omit<EncodeOptions, 'stage'>;
}

/** The features of an encoder: of the bank and of what it classifies. */
export interface EncodedBank {
  /** The training samples that vote. */
  readonly bank: EncodedSamples;
  /** The samples that are classified, where there are any. */
  readonly test?: EncodedSamples;
}

/** Throws on features that are not finite: nothing that is built on them would mean anything. */
function assertFinite({ data }: Features, what: string): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new SelfsupError(
      'SELFSUP_NON_FINITE',
      `the encoder (${what}) gives ${data[bad]} where features should be; its weights are damaged or its training diverged: train again, with a lower learning rate`,
    );
}

/**
 * Encodes samples by name of the part.
 *
 * @param encoder an encoder or what stands in for one
 * @param context what to encode; at most `knnBank` training samples, chosen by the seed
 * @param what names the encoder in the progress
 * @returns see {@link EncodedBank}
 * @throws SelfsupError `SELFSUP_NON_FINITE` when features are not finite
 */
export async function encodeBank(encoder: AnyModule, context: KnnContext, what: string): Promise<EncodedBank> {
  const { modality, train, test, settings, encoding } = context;
  const encode = async (samples: Samples, part: string, indices?: ArrayLike<number>): Promise<EncodedSamples> => {
    const features = await modality.encode(encoder, samples, { ...encoding, stage: `Encoding ${part} (${what})`, indices });
    assertFinite(features, what);
    return { samples, features };
  };
  const chosen =
    train.length > settings.knnBank
      ? drawPermutation(createRng(settings.seed).fold('knn bank'), train.length).slice(0, settings.knnBank).sort()
      : undefined;
  return { bank: await encode(train, 'training samples', chosen), ...(test && { test: await encode(test, 'test samples') }) };
}

const labelsOf = ({ samples, features }: EncodedSamples) => features.indices.map((index) => samples.labels![index]!);

/** The share of test samples whose class the neighbors vote for, in percent. */
export async function voteByNeighbors(
  { bank, test }: EncodedBank,
  { knnK: k, knnTemperature: temperature, knnWhitening }: KnnContext['settings'],
): Promise<number> {
  const plain = { bank: bank.features, queries: test!.features };
  const { bank: features, queries } = knnWhitening ? await whiten(plain.bank, plain.queries) : plain;
  const share = await knnAccuracy({
    features,
    labels: labelsOf(bank),
    queries,
    queryLabels: labelsOf(test!),
    k,
    temperature,
  });
  return 100 * share;
}

/** The weighted kNN of a run as a probe; it keeps the features of its last measurement. */
export interface KnnProbe extends Probe {
  /** Of the last measurement of the encoder; undefined before. */
  readonly encoded: EncodedBank | undefined;
}

/** Whether there are labels to vote with. */
export const hasLabels = ({ train, test }: Pick<KnnContext, 'train' | 'test'>): boolean =>
  train.labels !== undefined && test?.labels !== undefined && test.length > 0;

/** What {@link createKnnProbe} is told beside {@link KnnContext}. */
export interface KnnProbeOptions extends KnnContext {
  /**
   * What the encoder begins with: fresh weights (default), those of another run, or weights that were computed from the data, which are compared beside fresh
   * ones, unless nothing is trained on top (`data only`).
   */
  readonly start?: 'fresh' | 'run' | 'data' | 'data only';
  /** What the samples are, such as `images`; default `samples`. */
  readonly unit?: string;
  /** Makes an encoder with fresh weights, read the same way; needed where the start is from data. Its `encoder` is disposed. */
  readonly createUntrained?: () => { readonly encoder: AnyModule; readonly features: AnyModule };
}

/** How baselines are called where they are compared, by how the encoder began. */
const titles = {
  fresh: { untrained: 'the untrained encoder' },
  run: { untrained: 'the encoder that it started from' },
  data: { untrained: 'an untrained encoder', start: 'the start alone' },
  'data only': { untrained: 'an untrained encoder' },
} as const;

/**
 * Makes the weighted kNN of a run: cosine similarity, votes weighted by exp(similarity / temperature).
 *
 * @param encoder gives the features, at each measurement as far as it has been trained
 * @param context see {@link KnnProbeOptions}; train and test must have labels
 * @returns the probe, named `knn`
 */
export function createKnnProbe(encoder: AnyModule, context: KnnProbeOptions): KnnProbe {
  const { modality, settings, start = 'fresh', createUntrained, unit = 'samples' } = context;
  const titleOf = (name: string): string => (titles[start] as Readonly<Record<string, string>>)[name] ?? name;
  const raw = modality.rawInput;
  let encoded: EncodedBank | undefined;
  const accuracyOf = async (of: AnyModule, what: string) => {
    const found = await encodeBank(of, context, what);
    if (of === encoder) encoded = found;
    return voteByNeighbors(found, settings);
  };
  const untrainedAccuracy = async () => {
    const untrained = createUntrained!();
    try {
      return await accuracyOf(untrained.features, 'untrained');
    } finally {
      untrained.encoder.dispose();
    }
  };
  return {
    name: 'knn',
    get encoded() {
      return encoded;
    },
    async baselines() {
      return {
        ...(raw && { [raw.name]: await accuracyOf(raw.encoder, raw.name) }),
        untrained: await (start.startsWith('data') ? untrainedAccuracy() : accuracyOf(encoder, 'untrained')),
        ...(start === 'data' && { start: await accuracyOf(encoder, 'start') }),
      };
    },
    measure: async () => ({ knn: await accuracyOf(encoder, 'training') }),
    describe: (measures) =>
      Object.entries(measures)
        .map(
          ([name, value]) =>
            `kNN ${name === 'knn' ? '' : `${name === 'start' || (name === 'untrained' && start === 'run') ? 'at the start' : name} `}${value.toFixed(2)} %`,
        )
        .join(', '),
    compare: ({ knn }, baselines) =>
      knn === undefined
        ? []
        : [
            {
              title: 'kNN accuracy',
              unit: '%',
              better: 'higher',
              trained: knn,
              baselines: Object.fromEntries(Object.entries(baselines).map(([name, value]) => [titleOf(name), value])),
              judges: { count: (context.test ?? context.train).length, unit },
            },
          ],
  };
}

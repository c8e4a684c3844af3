import { SelfsupError } from '@selfsup/core';
import { linearLogits, softmaxRows, type FeatureMatrix, type LinearClassifier } from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import { joinBatches } from '../gather-features.ts';
import type { AnyModule, Features, OpenedSamples } from '../modality.ts';
import { silentProgress } from '../progress.ts';
import type { Samples } from '../samples.ts';
import type { ClassifierDescription } from './classifier-description.ts';

/** What a classifier says of samples. */
export interface Predictions {
  /** `[rows]`: the class of each, by name; an empty one where no class is as probable as the threshold. */
  readonly classes: readonly string[];
  /** `[rows]`: the most probable class as an index into the classifier's classes, whatever the threshold. */
  readonly labels: Int32Array;
  /** Float32 `[rows, numClasses]`, each row with sum 1. */
  readonly probabilities: FeatureMatrix;
  /** `[rows]`: which sample each row is of; those that cannot be read are left out. */
  readonly indices: Int32Array;
}

/** Options of {@link Classifier.predictSamples}. */
export interface PredictOptions {
  /** Which samples, in this order; default all. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Least probability of a prediction, in [0, 1]; default that of the classifier. */
  readonly threshold?: number | undefined;
  /** What the progress is called; default `Classifying`. */
  readonly stage?: string | undefined;
  /** Whether no progress is shown, such as where many small parts are classified; default false. */
  readonly quiet?: boolean | undefined;
  /** Stops before the next batch. */
  readonly signal?: AbortSignal | undefined;
}

/** An encoder with a classifier on top, ready to predict. */
export interface Classifier {
  /** What `classifier.json` says. */
  readonly description: ClassifierDescription;
  /** The names of the classes, in the order of the probabilities. */
  readonly classes: readonly string[];
  /** What opens and prepares what it takes. */
  readonly encoder: ClassifierNetwork['encoder'];
  /** Opens data as its encoder takes it: images, texts, or whatever the modality opens. */
  open(data: unknown): Promise<OpenedSamples>;
  /**
   * Classifies data.
   *
   * @param data in memory or, in Node with `@selfsup/pretrain/node`, a path
   * @returns see {@link Predictions}
   */
  predict(data: unknown, options?: Omit<PredictOptions, 'indices'>): Promise<Predictions>;
  /** Classifies samples that are open. */
  predictSamples(samples: Samples, options?: PredictOptions): Promise<Predictions>;
  /** Frees the network. */
  dispose(): void;
}

/** What a classifier is built of. Internal. */
export interface ClassifierNetwork {
  readonly description: ClassifierDescription;
  readonly head: LinearClassifier;
  /** Gives features as `encode` of the modality takes it. */
  readonly features: AnyModule;
  /** The encoder, for its preprocessing; it is not disposed. */
  readonly encoder: Pick<LoadedEncoder, 'modality' | 'input' | 'files' | 'options' | 'settings' | 'openContext'>;
  /** Frees what belongs to the classifier. */
  dispose(): void;
}

function checkThreshold(threshold: number): void {
  if (!(threshold >= 0 && threshold <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `predict: \`threshold\` must be in [0, 1], got ${threshold}`);
}

type Encoding = Pick<ClassifierNetwork, 'encoder' | 'features'>;
interface EncodingOptions {
  readonly quiet?: boolean | undefined;
  readonly stage: string;
  readonly indices?: ArrayLike<number> | undefined;
  readonly signal?: AbortSignal | undefined;
}

const encodeOptions = ({ input, files, openContext }: Encoding['encoder'], { quiet = false, ...rest }: EncodingOptions) => ({
  ...{ input, files, progress: quiet ? silentProgress : openContext.progress },
  ...rest,
});

/** The same, where perhaps none of them can be read. */
function encodeWhatCanBeRead(network: Encoding, samples: Samples, options: EncodingOptions): Promise<Features | undefined> {
  const { encoder, features } = network;
  const { modality } = encoder;
  return modality.encodeBatches && !modality.encodeWhole
    ? joinBatches(modality.encodeBatches(features, samples, encodeOptions(encoder, options)))
    : encodeToClassify(network, samples, options);
}

/** The features of samples as a classifier gets them: of videos the mean over their frames. Internal. */
export function encodeToClassify({ encoder, features }: Encoding, samples: Samples, options: EncodingOptions): Promise<Features> {
  const { modality } = encoder;
  const given = encodeOptions(encoder, options);
  return modality.encodeWhole ? modality.encodeWhole(features, samples, given) : modality.encode(features, samples, given);
}

/** Puts encoder and head together. Internal. */
export function createClassifier(network: ClassifierNetwork): Classifier {
  const { description, head, encoder } = network;
  const { classes, temperature } = description;
  const open: Classifier['open'] = (data) => {
    const { modality, options, settings, input, openContext } = encoder;
    return modality.openSamples({ data, whole: true, options, seed: settings.seed, testFraction: 0, input }, openContext);
  };
  const predictSamples: Classifier['predictSamples'] = async (samples, options = {}) => {
    const { threshold = description.threshold, stage = 'Classifying', indices: wanted, signal, quiet } = options;
    checkThreshold(threshold);
    const found = await encodeWhatCanBeRead(network, samples, { stage, indices: wanted, signal, quiet });
    if (!found) {
      const none = () => new Int32Array(0);
      return { classes: [], labels: none(), probabilities: { data: new Float32Array(0), shape: [0, classes.length] }, indices: none() };
    }
    const { indices, ...features } = found;
    const probabilities = softmaxRows(await linearLogits(head, features), { temperature });
    const labels = new Int32Array(indices.length);
    const names = Array.from(labels, (_, row) => {
      const of = probabilities.data.subarray(row * classes.length, (row + 1) * classes.length);
      const best = of.reduce((most, value, i) => (value > of[most]! ? i : most), 0);
      labels[row] = best;
      return of[best]! >= threshold ? classes[best]! : '';
    });
    return { classes: names, labels, probabilities, indices };
  };
  return {
    description,
    classes,
    encoder,
    open,
    async predict(data, options) {
      const { train } = await open(data);
      return predictSamples(train, options);
    },
    predictSamples,
    dispose: () => {
      network.dispose();
    },
  };
}

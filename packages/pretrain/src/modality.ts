import type * as tf from '@tensorflow/tfjs-core';
import type { AnyPretextTaskRun, Batch, Module, Rng } from '@selfsup/core';
import type { CollapseCauses, FeatureEncoder, FeatureMatrix, FineTuneOptions, LabeledExamples } from '@selfsup/evaluate';
import type { PrepareContext, Source } from '@selfsup/trainer';
import type { AnyEncoderFactory, InputDescription } from './encoder-recipe.ts';
import type { OptionSchema } from './option-schema.ts';
import type { PortableContext, PortableNetwork } from './portable.ts';
import type { Progress } from './progress.ts';
import type { Probe } from './probe.ts';
import type { RunFile } from './run-file.ts';
import type { Samples } from './samples.ts';
import type { GalleryItem, Section } from './section.ts';
import type { GivenSettings, Settings } from './settings.ts';
import type { AnyTaskRecipe, TaskParts, Teacher } from './task-recipe.ts';

/** Something that could not be used. */
export interface Skipped {
  /** Which file or row; of several of a kind how many, and the first. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
  /** What they are, in the plural, such as `HEIC pictures`; where an entry stands for all of a kind. */
  readonly kind?: string | undefined;
  /** How many the entry stands for; default 1. */
  readonly count?: number | undefined;
}

/** An encoder that a run keeps beside its own, such as that of the texts where the run's is of the images. */
export interface FurtherEncoder {
  /** The kind of data that it takes, by name. */
  readonly modality: string;
  /** The encoder by name, with its options as they are in effect. */
  readonly encoder: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** What it takes. */
  readonly input: InputDescription;
  /** Options of its modality, complete. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The data of a run, opened. Modalities add what their tasks need. */
export interface RunData {
  /** As it is called in messages. */
  readonly name: string;
  /** What is counted, in the plural: `images`, `videos`, `sequences`, `windows`. */
  readonly unit: string;
  /** What the encoder is trained on, and the bank of the kNN. */
  readonly train: Samples;
  /** What it is judged by. */
  readonly test?: Samples;
  /** Where `test` comes from: a part of its own, or held out of the training data. */
  readonly testFrom?: 'own part' | 'held out';
  /** What encoders take; recorded in run.json. */
  readonly input: InputDescription;
  /** Facts that must be the same when the run is resumed, such as the number of samples; recorded in run.json. */
  readonly fingerprint: Readonly<Record<string, string | number>>;
  /**
   * A checksum of what was read when the data was opened; recorded in run.json. A run that is resumed with another one goes on and says so: files were changed, or
   * another version of a decoder gives other pixels. What differs only when the data was changed belongs in `fingerprint`.
   */
  readonly content?: string;
  /** Files that belong to the run and its encoder, by name, such as `tokenizer.json`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Encoders that the task keeps beside that of the run, by the names that it gives them; recorded in run.json, and loaded by these names. */
  readonly encoders?: Readonly<Record<string, FurtherEncoder>>;
  /** Further facts for the record, such as the speed of the first reading. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** What could not be used so far; grows while files are read. */
  skipped(): readonly Skipped[];
}

/** Opens one kind of data for a modality: files of a format, arrays in memory, something procedural. */
export interface DatasetOpener<D = unknown> {
  /** What it opens, such as `photos` or `cifar-10`. */
  readonly name: string;
  /** The modality that it is for. */
  readonly modality: string;
  /** True: its name alone is data, which is made up on the spot, such as `shapes`; default false. */
  readonly procedural?: boolean;
  /** Whether it can open this; a path, a name, or an object in memory. The first opener that accepts is taken. */
  accepts(data: unknown): boolean | Promise<boolean>;
  /** Whether this looks like what it opens, where nobody says of which kind the data is; default `accepts`. */
  recognizes?(data: unknown): boolean | Promise<boolean>;
  /** Opens it, as the modality documents for its openers. */
  open(data: unknown, options: DatasetOptions): Promise<D>;
}

/** What a {@link DatasetOpener} is told. */
export interface DatasetOptions {
  /** The seed of what is procedural or sampled. */
  readonly seed: number;
  /** At most so many training samples. */
  readonly limit?: number | undefined;
  /** At most so many test samples. */
  readonly testLimit?: number | undefined;
  /** The options of the modality. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The size of images, the side of a square or height and width, that an encoder which there is was made for: that of photos where `options` give no size. */
  readonly usualSize?: number | readonly [height: number, width: number] | undefined;
  /** Where what takes long is shown, such as decoding; default nobody looks. */
  readonly progress?: Progress | undefined;
}

/** What a modality may use to open data. */
export interface OpenContext {
  /** Opens data by the first opener of the modality that accepts it. */
  openDataset<D>(data: unknown, options: DatasetOptions): Promise<D>;
  /** Shows progress, and says what people should know. */
  readonly progress: Progress;
  /** What run.json says, when a run is continued, its encoder used or another run started from it: statistics and vocabulary come from there. */
  readonly earlier?: { readonly input: InputDescription; readonly files: Readonly<Record<string, string>> };
  /** A new run is opened, and `earlier` is of the encoder that it starts from. */
  readonly start?: true;
}

/** What data is opened for a run. */
export interface OpenRequest<O extends object = object> {
  /** A path, a name, or an object in memory. */
  readonly data: unknown;
  /** Options of the modality. */
  readonly options: O;
  /** Settings that every run has, complete. */
  readonly settings: Settings;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
}

/** A table of labels, with a line for each file. */
export interface LabelSource {
  /** A `.csv`, `.tsv`, `.txt` or `.jsonl`. */
  readonly path: string;
  /** The column of the files, by its name in the first line or its number from 0; default one with a usual name, or the first. */
  readonly fileColumn?: string | number | undefined;
  /** The column of the labels; default one with a usual name, or the second. */
  readonly labelColumn?: string | number | undefined;
  /** Whether the first line has names; default where it looks so. */
  readonly header?: boolean | undefined;
}

/** What samples are opened to be encoded or classified by an encoder that there is. */
export interface SamplesRequest<O extends object = object> {
  /** A path, a name, or an object in memory. */
  readonly data: unknown;
  /** Whether it is the data that the run learned from, opened with the run's options; default false: other data. */
  readonly own?: boolean | undefined;
  /** The samples are wanted as a run takes them, to classify each as a whole; such as videos, of which otherwise images are opened. Default false. */
  readonly whole?: boolean | undefined;
  /** Samples to be judged by, where they lie elsewhere. */
  readonly testData?: unknown;
  /** A file of labels for samples that have none, or in place of theirs. */
  readonly labels?: string | LabelSource | undefined;
  /** Options of the modality. */
  readonly options: O;
  /** Those of them that were given for these data, rather than for the run; default none. */
  readonly given?: Readonly<Record<string, unknown>> | undefined;
  /** Decides which samples are held out. */
  readonly seed: number;
  /** Share held out where the data has no test part of its own. */
  readonly testFraction: number;
  /** At most so many training samples; default all. */
  readonly limit?: number | undefined;
  /** At most so many test samples; default all. */
  readonly testLimit?: number | undefined;
  /** What the encoder takes. */
  readonly input: InputDescription;
}

/** Samples to encode, split as they were found. */
export interface OpenedSamples {
  /** As messages call the data. */
  readonly name: string;
  /** What one sample is called, in the plural, such as `images`. */
  readonly unit: string;
  /** The samples to learn from. */
  readonly train: Samples;
  /** The samples to judge by, where there are any. */
  readonly test?: Samples;
  /** What could not be used, up to now. */
  skipped(): readonly Skipped[];
}

/** What {@link Modality.prepare} and {@link Modality.taskParts} are built from. */
export interface BuildContext<D extends RunData = RunData, O extends object = object> {
  /** What {@link Modality.open} opened. */
  readonly data: D;
  /** Settings that every run has, complete. */
  readonly settings: Settings;
  /** Options of the modality, complete. */
  readonly options: O;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
  /** Options of the task. */
  readonly taskOptions: Readonly<Record<string, unknown>>;
  /** Makes the encoder that is kept. */
  readonly backbone: AnyEncoderFactory;
  /** Updates in one pass over the data. */
  readonly stepsPerEpoch: number;
  /** Updates in the whole run. */
  readonly totalSteps: number;
  /** Functions of a config that the modality knows, by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** The trained encoder that the task learns from, for {@link TaskParts}. */
  readonly teacher?: Teacher | undefined;
  /** What the task learned of the data, for {@link TaskParts}. */
  readonly learned?: unknown;
}

/** Options of {@link Modality.encode}. */
export interface EncodeOptions {
  /** What encoders take. */
  readonly input: InputDescription;
  /** Files of the run, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** Shows progress. */
  readonly progress: Progress;
  /** What the progress is called. */
  readonly stage: string;
  /** Which samples, in this order; default all. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Stops before the next batch. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Modality.alteredCopies}. */
export interface AlteredCopiesOptions {
  /** Which samples. */
  readonly indices: ArrayLike<number>;
  /** Decides what is changed. */
  readonly seed: number;
}

/** Rows of features, and of which samples they are. */
export interface Features extends FeatureMatrix {
  /** `[rows]`: which sample each row stands for; those that cannot be read are left out. */
  readonly indices: Int32Array;
}

/** An encoder or something that stands in for one, such as the identity for raw pixels. */
export type AnyModule = Module;

/** What probes and sections know. */
export interface ProbeContext<D extends RunData = RunData, O extends object = object> {
  /** What {@link Modality.open} opened. */
  readonly data: D;
  /** Settings that every run has, complete. */
  readonly settings: Settings;
  /** Options of the modality, complete. */
  readonly options: O;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
  /** Options of the task. */
  readonly taskOptions: Readonly<Record<string, unknown>>;
  /** The task at work, with its networks. */
  readonly task: AnyPretextTaskRun;
  /** The encoder that is kept. */
  readonly encoder: AnyModule;
  /** Updates in the whole run. */
  readonly totalSteps: number;
  /** run.json. */
  readonly run: RunFile;
  /** For encoding: input, files, progress. */
  readonly encoding: Omit<EncodeOptions, 'stage'>;
}

/** What {@link Modality.suggest} is asked. */
export interface SuggestRequest<D extends RunData = RunData, O extends object = object> {
  /** What {@link Modality.open} opened. */
  readonly data: D;
  /** Options of the modality, complete. */
  readonly options: O;
  /** How long the run may take, in minutes. */
  readonly minutes: number;
}

/** Why a setting is suggested; not said where the user names another value. */
export interface SuggestionReason {
  /** Of which setting. */
  readonly of: keyof GivenSettings;
  /** A sentence for people, such as `readout pyramid: several layers tell more than the mean of the last one`. */
  readonly text: string;
}

/** What suits data and time. */
export interface Suggestion {
  /**
   * Settings for what the user left open; what the user names goes in their place, options of the readout one by one where the readout stays. A number of
   * epochs rests on the start: with another one it is dropped, and the time decides.
   */
  readonly settings: GivenSettings;
  /** Why: sentences for people, those of a setting with its name. */
  readonly reasons: readonly (string | SuggestionReason)[];
}

/** How a modality cuts its data into batches. */
export interface SourceOptions {
  /** Rows of a batch of this rank. */
  readonly batchSize: number;
  /** Decides the order. */
  readonly rng: Rng;
  /** Which of them this is, from 0. */
  readonly rank: number;
  /** How many ranks share each batch. */
  readonly worldSize: number;
}

/** A kind of data and all that is special about it: image, video, text, or a third party's. */
export interface Modality<D extends RunData = RunData, O extends object = object, Raw = unknown> {
  /** The version of this contract. */
  readonly api: 1;
  /** Kebab-case, such as `image`. */
  readonly name: string;
  /** One line for `-h` and docs. */
  readonly title: string;
  /** Options beside the common settings, such as `imageSize`: flags of the command, recorded in run.json. */
  readonly options: OptionSchema<O>;
  /** The functions that a config may hold for it, such as `views`. */
  readonly functions?: readonly string[];
  /** Settings other than the usual ones. */
  readonly defaults?: GivenSettings | ((given: GivenSettings) => GivenSettings);
  /** The task unless the user names one; default none. */
  readonly defaultTask?: string;
  /** Options instead of the usual ones where a time is given (`minutes`) and the user names no task, no encoder and no options of theirs. */
  readonly withinOptions?: Partial<O>;
  /** What to train where a time is given (`minutes`) and the user names no task, no encoder and no options of theirs; default the usual settings. Epochs are chosen by the time unless it says some. */
  suggest?(request: SuggestRequest<D, O>): Suggestion;
  /** Opens the data of a run. */
  open(request: OpenRequest<O>, context: OpenContext): Promise<D>;
  /** Opens samples for an encoder that there is. */
  openSamples(request: SamplesRequest<O>, context: OpenContext): Promise<OpenedSamples>;
  /** Batches of raw samples; `rng` decides their order. */
  createSource(data: D, options: SourceOptions): Source<Raw>;
  /** What the recipes of this modality get beside {@link TaskParts}. */
  taskParts(context: BuildContext<D, O>): TaskParts;
  /** Makes the task's batch from raw samples, such as augmented views. Runs in `tf.tidy`. */
  prepare(context: BuildContext<D, O>): (raw: Raw, context: PrepareContext) => Batch;
  /** Of a task's batch what the encoder takes, a row for each raw sample in their order, such as the first view; undefined where there is none. Needed for `onlineProbe`. */
  probeInput?(batch: Batch): tf.Tensor | undefined;
  /** What counts as one for throughput, and how many a sample has; default one of the data's unit. */
  throughput?(data: D, settings: Settings): { readonly unit: string; readonly perSample: number };
  /** Features of samples by an encoder at inference, in order. */
  encode(encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features>;
  /** The same of samples as a whole, for classifiers, such as the mean over the frames of a video; default `encode`. */
  readonly encodeWhole?: (encoder: AnyModule, samples: Samples, options: EncodeOptions) => Promise<Features>;
  /** The same batch by batch, so that memory does not grow with the samples; default `encode` of some samples at a time. */
  encodeBatches?(encoder: AnyModule, samples: Samples, options: EncodeOptions): AsyncIterable<Features>;
  /** Samples that `encodeBatches` computes together: a share of the samples that begins at a multiple of it is computed in the same batches as all of them. Default 1,024, as where there is no `encodeBatches`. */
  batchSizeOf?(samples: Samples): number;
  /** Slightly changed copies of samples, as near-duplicates are: `[length of indices]`, in their order; absent where there is no such thing. */
  alteredCopies?(samples: Samples, options: AlteredCopiesOptions): Samples;
  /** What usually lies behind alarms of collapse on such data, and what helps; default the words for joint-embedding tasks on images. Rules of a task go before it. */
  readonly collapseCauses?: CollapseCauses;
  /** What there is to do, beside smaller batches or more data, where a batch is larger than the data, such as `a shorter \`length\``; default nothing. */
  readonly fewSamplesAdvice?: string;
  /** What data with labels are, for messages, such as `images in folders by class`; default `data with labels`. */
  readonly labeledData?: string;
  /** What features are compared with: the raw input in one row per sample, such as pixels; absent where there is no such thing. */
  readonly rawInput?: { readonly name: string; readonly encoder: AnyModule };
  /** Two views of samples for the alignment in the health of the features; default none. */
  encodeViews?(
    encoder: AnyModule,
    samples: Samples,
    options: EncodeOptions & { prepare: (raw: Raw, context: PrepareContext) => Batch; seed: number },
  ): Promise<readonly [FeatureMatrix, FeatureMatrix] | undefined>;
  /** Samples as examples for fine-tuning, and the encoder as fine-tuning takes it; absent where fine-tuning is not supported. */
  readonly fineTuning?: {
    encoder(module: AnyModule, options?: Readonly<Record<string, unknown>>): FeatureEncoder<tf.TensorContainer>;
    /** The same encoder as `encode` takes it, to predict with what was fine-tuned; default the module. */
    features?(module: AnyModule, options: Readonly<Record<string, unknown>>): AnyModule;
    /** What `encoder` gets as options, such as `pooling`: flags of the command; default none. */
    readonly options?: OptionSchema;
    examples(samples: Samples, options: EncodeOptions): Promise<LabeledExamples<tf.TensorContainer>>;
    /** What mixes the examples of an update; absent where they cannot be mixed. */
    mix?(options: MixingOptions): NonNullable<FineTuneOptions<tf.TensorContainer>['mix']>;
    /** Rates, batch and epochs unless the user gives others. */
    readonly defaults: { readonly epochs: number; readonly minSteps: number; readonly batchSize: number; readonly learningRate: number };
  };
  /** Pictures or texts of samples, for reports; absent where there is nothing to show. */
  show?(samples: Samples, indices: readonly number[]): Promise<readonly GalleryItem[]>;
  /** Measurements of its own between epochs, beside kNN on labels; such as the loss on held-out text. */
  probes?(context: ProbeContext<D, O>): readonly Probe[];
  /** Parts of the report of its own. */
  sections?(context: ProbeContext<D, O>): Promise<readonly Section[]>;
  /** How a data source is called in the default name of a run's folder. */
  nameOf?(data: unknown): string;
  /** An encoder as other runtimes see it, for formats that hold the network itself: ONNX, graph models. Default: there are none. */
  portable?(context: PortableContext): PortableNetwork | Promise<PortableNetwork>;
  /** Formats of weights under the names of other libraries, by name, and the encoders that have one there. */
  readonly exports?: Readonly<Record<string, WeightsFormat>>;
}

/** How the images of a fine-tuning are mixed; with neither they are not. */
export interface MixingOptions {
  /** mixup: each image is a weighted mean of itself and another one, the weight from Beta(alpha, alpha); > 0. */
  readonly mixup?: number | undefined;
  /** cutmix: a box of each image is that of another one, its area from the same; > 0. */
  readonly cutmix?: number | undefined;
}

/** A format that holds weights under the names of another library. */
export interface WeightsFormat {
  /** The encoders that can be written, by name. */
  readonly encoders: readonly string[];
  /** Gives the files by name. */
  write(context: ExportContext): Promise<Readonly<Record<string, Uint8Array>>>;
}

/** What an export is made of. */
export interface ExportContext {
  /** The bytes of checkpoint.safetensors or encoder.safetensors. */
  readonly checkpoint: Uint8Array;
  /** What the encoder takes. */
  readonly input: InputDescription;
  /** Files of the run by name, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** The encoder by name, with its options. */
  readonly encoder: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** The network. */
  readonly module: AnyModule;
  /** Options of the modality. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A modality with its types forgotten, as a registry keeps it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- data, options and raw samples are known to the modality alone
export type AnyModality = Modality<any, any, any>;

/** Gives a modality its type; it returns what it is given. */
export function defineModality<D extends RunData, O extends object, Raw>(modality: Modality<D, O, Raw>): Modality<D, O, Raw> {
  return modality;
}

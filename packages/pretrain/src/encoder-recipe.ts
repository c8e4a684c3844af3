import type { Module, Rng } from '@selfsup/core';
import type { Samples } from './samples.ts';
import type { OptionSchema } from './option-schema.ts';
import type { Progress } from './progress.ts';

/** What encoders take, as the modality measured it on the data; kept in run.json. For images `{ size, channels, mean, std }`. */
export type InputDescription = Readonly<Record<string, unknown>>;

/** Makes encoders with fresh weights. */
export interface AnyEncoderFactory {
  (rng: Rng): Module;
  /** Columns of the features. */
  readonly outputDim: number;
}

/** What readouts are made for. */
export interface ReadoutContext {
  /** What the encoder takes. */
  readonly input: InputDescription;
  /** Files of the run by name, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
}

/** What the features of a sample are: a way to read an encoder. Every encoder has `global`, its own output. */
export interface ReadoutRecipe<M extends Module = Module, O extends object = object> {
  /** Kebab-case, such as `pyramid`. */
  readonly name: string;
  /** One line for `-h` and the docs. */
  readonly title: string;
  /** What `readoutOptions` may hold. */
  readonly options: OptionSchema<O>;
  /**
   * Makes the network that gives the features.
   *
   * @param encoder whose variables it shares; the encoder stays the caller's
   */
  create(encoder: M, options: O, context: ReadoutContext): Module;
}

/** What a start learns from, without labels. */
export interface StartContext {
  /** The training samples. */
  readonly samples: Samples;
  /** What the encoder takes. */
  readonly input: InputDescription;
  /** Files of the run by name, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** Decides all that is drawn. */
  readonly rng: Rng;
  /** Shows progress. */
  readonly progress: Progress;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/** Weights that an encoder starts with, computed from the data in seconds and without gradients. Every encoder has `random`. */
export interface StartRecipe<M extends Module = Module> {
  /** Kebab-case, such as `patches`. */
  readonly name: string;
  /** One line for `-h` and the docs. */
  readonly title: string;
  /** Writes the weights into a fresh encoder; the same for the same samples and `rng`, on any number of threads. */
  apply(encoder: M, context: StartContext): Promise<void>;
}

/** The layers of an encoder from its input to its output, by which runs choose rates and what stands still. */
export interface EncoderLayers {
  /** How many there are: of a Vision Transformer one more than blocks, since what comes before the blocks is layer 0. */
  readonly count: number;
  /** The layer of a variable by its path: from 0, the input, to `count - 1`; `count` for what belongs to the output, such as the last normalization. */
  layerOf(path: string): number;
}

/** An encoder that runs can name, such as `resnet18`. */
export interface EncoderRecipe<F extends AnyEncoderFactory = AnyEncoderFactory, O extends object = object> {
  /** Kebab-case or as the field writes it: `conv-net`, `resnet18`, `vit-tiny`. */
  readonly name: string;
  /** One line for `-h` and the docs. */
  readonly title: string;
  /** The modalities whose samples it takes, by name, such as `['image', 'video']`. */
  readonly modalities: readonly string[];
  /** What `encoderOptions` may hold. */
  readonly options: OptionSchema<O>;
  /**
   * Fills in what depends on the data, such as a stem for small images; what it returns is what run.json records and what `create` gets, at the start and when
   * the run is opened again. Default: the options as they are.
   */
  complete?(options: O, input: InputDescription): O;
  /** The readouts it has beside `global`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each knows its own encoder and options
  readonly readouts?: readonly ReadoutRecipe<any, any>[];
  /** The starts it has beside `random`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each knows its own encoder
  readonly starts?: readonly StartRecipe<any>[];
  /** Paths of variables with a row for each token, which grow where a run starts from an encoder and its tokenizer has tokens added; default none. */
  readonly growing?: readonly string[];
  /** Its layers; without, runs cannot set `layerDecay` or `frozenLayers`. `options` are complete. */
  layers?(options: O): EncoderLayers;
  /** Makes the factory. */
  create(options: O, input: InputDescription): F;
}

/** Gives an encoder recipe its type; it returns what it is given. */
export function defineEncoder<F extends AnyEncoderFactory, O extends object>(recipe: EncoderRecipe<F, O>): EncoderRecipe<F, O> {
  return recipe;
}

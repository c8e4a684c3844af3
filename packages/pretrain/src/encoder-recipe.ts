import type { Module, Rng } from '@selfsup/core';
import type { OptionSchema } from './option-schema.ts';

/** What encoders take, as the modality measured it on the data; kept in run.json. For images `{ size, channels, mean, std }`. */
export type InputDescription = Readonly<Record<string, unknown>>;

/** Makes encoders with fresh weights. */
export interface AnyEncoderFactory {
  (rng: Rng): Module;
  /** Columns of the features. */
  readonly outputDim: number;
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
  /** Makes the factory. */
  create(options: O, input: InputDescription): F;
}

/** Gives an encoder recipe its type; it returns what it is given. */
export function defineEncoder<F extends AnyEncoderFactory, O extends object>(recipe: EncoderRecipe<F, O>): EncoderRecipe<F, O> {
  return recipe;
}

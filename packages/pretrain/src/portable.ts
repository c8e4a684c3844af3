import type { Module } from '@selfsup/core';
import type { TracedInput } from '@selfsup/export';
import type * as tf from '@tensorflow/tfjs-core';
import type { InputDescription } from './encoder-recipe.ts';

/** What a network that goes to another runtime is made for. */
export interface PortableContext {
  /** The encoder, read as its readout says. */
  readonly encoder: {
    readonly module: Module;
    readonly features: Module;
    /** By name, with its options. */
    readonly encoder: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
    readonly input: InputDescription;
    /** Options of the modality. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly files: Readonly<Record<string, string>>;
  };
  /** The bytes of its file, or of a whole checkpoint, whose heads may go along. */
  readonly bytes: Uint8Array;
  /** Whether preprocessing such as the normalization of pixels is a part of the network. */
  readonly preprocessing: boolean;
}

/** A network as other runtimes see it. */
export interface PortableNetwork {
  /** Its inputs. */
  readonly inputs: readonly TracedInput[];
  /** What symbolic sizes may be at most. */
  readonly bounds?: Readonly<Record<string, number>>;
  /** The names of what {@link run} gives; `features` is among them. */
  readonly outputs: readonly string[];
  /** The forward pass; synchronous. */
  run(inputs: readonly tf.Tensor[]): readonly tf.Tensor[];
  /** Files that go beside the network in every format, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** How an input is made, for the model card: sentences in Markdown. */
  readonly preprocessing: readonly string[];
  /** Frees what was made for it; the encoder stays. */
  dispose(): void;
}

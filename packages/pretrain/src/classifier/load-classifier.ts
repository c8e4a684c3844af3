import { createRng, SelfsupError } from '@selfsup/core';
import { loadWeights } from '@selfsup/encoders';
import { loadEncoder, type LoadedEncoder, type LoadEncoderOptions } from '../load-encoder.ts';
import type { AnyModule } from '../modality.ts';
import { parseOptions } from '../option-schema.ts';
import { createClassifier, type Classifier } from './classifier.ts';
import { decodeClassifier, type ClassifierParts } from './classifier-file.ts';
import { encoderHash } from './encoder-hash.ts';

/** Options of {@link loadClassifier}: where its encoder comes from, and those of `loadEncoder`. */
export interface LoadClassifierOptions extends Omit<LoadEncoderOptions, 'encoder' | 'readout' | 'readoutOptions'> {
  /** The bytes of `encoder.safetensors` or `checkpoint.safetensors` of its run, or the bytes of another file of that encoder. */
  encoder: Uint8Array;
}

/** The encoder as fine-tuning reads it and `encode` of the modality takes it. Internal. */
export function fineTunedFeatures(
  encoder: Pick<LoadedEncoder, 'modality'>,
  module: AnyModule,
  options: Readonly<Record<string, unknown>>,
): AnyModule {
  const { modality } = encoder;
  if (!modality.fineTuning)
    throw new SelfsupError('SELFSUP_OPTION', `encoders of the kind ${modality.name} cannot be fine-tuned; use a linear probe`);
  const { fineTuning } = modality;
  const checked = fineTuning.options
    ? (parseOptions<object>(fineTuning.options, options, { who: `fine-tuning of the kind ${modality.name}` }) as Record<string, unknown>)
    : options;
  return fineTuning.features?.(module, checked) ?? module;
}

/** Builds a classifier on an encoder that is loaded with its readout; the encoder stays the caller's. Internal. */
export async function classifierOn(encoder: LoadedEncoder, { description, head, encoder: weights }: ClassifierParts): Promise<Classifier> {
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `the classifier ${description.name} ${what}`);
  };
  if (encoder.modality.name !== description.modality || encoder.encoder.name !== description.encoder.name)
    fail(
      `is for the encoder ${description.encoder.name} of the kind ${description.modality}, got ${encoder.encoder.name} of the kind ${encoder.modality.name}; give the run that it was made with`,
    );
  if (description.kind === 'linear-probe') {
    const hash = await encoderHash(encoder.module);
    if (hash !== description.encoder.sha256)
      fail(
        `was made with other weights of its encoder (after ${description.encoder.step} updates, sha256 ${description.encoder.sha256.slice(0, 12)}…, got ${encoder.step} and ${hash.slice(0, 12)}…): the run was trained further since, or it is another one; make the classifier again`,
      );
    return createClassifier({ description, head, encoder, features: encoder.features, dispose: () => undefined });
  }
  const module = encoder.create(createRng(0));
  try {
    loadWeights(module, weights!);
    const features = fineTunedFeatures(encoder, module, description.options);
    return createClassifier({
      ...{ description, head, encoder, features },
      dispose: () => {
        module.dispose();
      },
    });
  } catch (error) {
    module.dispose();
    throw error;
  }
}

/**
 * Loads a kept classifier with its encoder, ready to predict. A backend must be in force; `selectBackend` of `@selfsup/backends` chooses one.
 *
 * @param bytes `classifier.safetensors`; `@selfsup/pretrain/node` takes its folder, too
 * @param options see {@link LoadClassifierOptions}
 * @returns see {@link Classifier}; dispose it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when a file is damaged, holds no classifier, or the encoder is not the one that it was made with
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * import { loadClassifier } from '@selfsup/pretrain';
 * await selectBackend();
 * const bytesOf = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
 * const encoder = await bytesOf('encoder.safetensors');
 * const classifier = await loadClassifier(await bytesOf('classifier.safetensors'), { encoder });
 * const pixels = new Uint8Array(64 * 64 * 3); // of a picture, such as from a canvas
 * const { classes, probabilities } = await classifier.predict({ images: pixels, shape: [1, 64, 64, 3] });
 * console.log(classes[0], Math.max(...probabilities.data));
 * classifier.dispose();
 * ```
 */
export async function loadClassifier(bytes: Uint8Array, options: LoadClassifierOptions): Promise<Classifier> {
  const parts = await decodeClassifier(bytes);
  const { encoder: encoderBytes, ...rest } = options;
  const { readout } = parts.description;
  const encoder = await loadEncoder(encoderBytes, { ...rest, readout: readout.name, readoutOptions: readout.options });
  try {
    const classifier = await classifierOn(encoder, parts);
    return {
      ...classifier,
      dispose: () => {
        classifier.dispose();
        encoder.dispose();
      },
    };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

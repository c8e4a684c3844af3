import { printable, SelfsupError } from '@selfsup/core';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { classifierOn } from '../classifier/load-classifier.ts';
import { CLASSIFIERS, classifierFileNames, decodeClassifier } from '../classifier/classifier-file.ts';
import type { Classifier } from '../classifier/classifier.ts';
import type { LoadEncoderOptions } from '../load-encoder.ts';
import { suggest } from '../suggest.ts';
import { loadEncoder } from './load-encoder-folder.ts';
import { runFolder } from './run-folder.ts';

/** Options of {@link loadClassifier}: where its encoder comes from, and those of `loadEncoder`. */
export interface LoadClassifierFolderOptions extends Omit<LoadEncoderOptions, 'encoder' | 'readout' | 'readoutOptions'> {
  /** The run, or what else `loadEncoder` takes; default the run in whose folder `classifiers` the classifier is. */
  encoder?: string | Uint8Array;
}

/**
 * The names of the classifiers of a run.
 *
 * @param run its folder
 * @returns sorted; none where there are none
 */
export async function listClassifiers(run: string): Promise<readonly string[]> {
  const entries = await readdir(join(run, CLASSIFIERS), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort(); // prettier-ignore
}

/**
 * The folder of a classifier of a run.
 *
 * @param run the folder of the run
 * @param name of the classifier
 * @returns `<run>/classifiers/<name>`
 */
export const classifierFolder = (run: string, name: string): string => join(run, CLASSIFIERS, name);

/**
 * Loads a kept classifier with its encoder, from its folder or from bytes; it opens files, too. A backend must be in force.
 *
 * @param source the folder of the classifier, such as `runs/photos/classifiers/few`, or the bytes of `classifier.safetensors`
 * @param options see {@link LoadClassifierFolderOptions}; of bytes `encoder` is needed
 * @returns a {@link Classifier}; dispose it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no classifier, a file is damaged, or the encoder is not the one that it was made with
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * import { loadClassifier } from '@selfsup/pretrain/node';
 * await selectBackend();
 * const classifier = await loadClassifier('runs/photos/classifiers/few');
 * const { classes, probabilities } = await classifier.predict('photos/new');
 * classifier.dispose();
 * ```
 */
export async function loadClassifier(source: string | Uint8Array, options: LoadClassifierFolderOptions = {}): Promise<Classifier> {
  const { encoder: from, ...rest } = options;
  let bytes: Uint8Array | undefined;
  if (typeof source === 'string') {
    bytes = await runFolder(source).read(classifierFileNames.weights);
    if (!bytes) {
      const others = await listClassifiers(dirname(dirname(source)));
      const wanted = source.split(/[\\/]/).at(-1)!;
      const hint = others.length > 0 ? suggest(wanted, others, (text) => printable(text)) : '; make one with: selfsup fine-tune';
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${printable(source)} holds no classifier (there is no ${classifierFileNames.weights})${hint}`,
      );
    }
  } else bytes = source;
  const place = from ?? (typeof source === 'string' ? dirname(dirname(source)) : undefined);
  if (place === undefined)
    throw new SelfsupError('SELFSUP_OPTION', 'loadClassifier: give `encoder`, the run that the classifier was made with');
  const parts = await decodeClassifier(bytes);
  const { readout } = parts.description;
  const encoder = await loadEncoder(place, { ...rest, readout: readout.name, readoutOptions: readout.options });
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

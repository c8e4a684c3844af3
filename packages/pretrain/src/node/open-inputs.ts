import { printable, SelfsupError } from '@selfsup/core';
import { findPhotos, photoFiles } from '@selfsup/data/node';
import { stat } from 'node:fs/promises';
import { imageInputOf, imageSizeOf } from '../image/image-input.ts';
import { imageSamples } from '../image/image-samples.ts';
import { optionsOver } from '../evaluate-encoder.ts';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { OpenedSamples, Skipped } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { unusedAsSkipped } from './unused-as-skipped.ts';

/** Inputs of one kind, opened one after the other as they are needed. */
export interface OpenedInput {
  /** The samples. */
  readonly samples: Samples;
  /** What the sample is called: the path of a photo, or a text as it was given. */
  readonly nameOf: (index: number) => string;
  /** What could not be used so far. */
  skipped(): readonly Skipped[];
}

/** What is opened: paths, and texts that were given as such. */
export interface Inputs {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Texts, for encoders of text; default none. */
  readonly texts?: readonly string[] | undefined;
  /** Options of the modality for them, such as `documents`, over those of the run. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

const PHOTO = /\.(jpe?g|jpe|jfif|pjp(eg)?|png|webp|gif|tiff?|avif|hei[cf]|bmp)$/i;

/** Whether paths are photos and folders of photos, rather than files of images such as CIFAR's. */
async function arePhotos(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    if (PHOTO.test(path)) continue;
    const info = await stat(path).catch(() => undefined);
    if (info && !info.isDirectory()) return false;
    if (info && !(await findPhotos([path]).then(() => true, () => false))) return false; // prettier-ignore
  }
  return true;
}

const named = (opened: OpenedSamples): OpenedInput => {
  const { ids, texts, ...rest } = opened.train as Samples & { readonly texts?: readonly string[] };
  const nameOf = (index: number) => ids?.[index] ?? texts?.[index] ?? `${rest.name} ${index}`;
  return { samples: opened.train, nameOf, skipped: () => opened.skipped() };
};

/**
 * Opens what an encoder or a classifier is to be used on: photos by file and folder, which are decoded as they are read, so that any number of them fits into
 * memory; texts; and whatever else the modality opens.
 *
 * @param encoder from `loadEncoder`, or a part of it
 * @param inputs see {@link Inputs}
 * @returns one for each kind of input, opened when it is asked for
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing to open, or the encoder does not take it
 */
export async function* openInputs(
  encoder: Pick<LoadedEncoder, 'modality' | 'input' | 'options' | 'settings' | 'openContext'>,
  { paths, texts = [], options: more }: Inputs,
): AsyncGenerator<OpenedInput> {
  const { modality, input, settings, openContext } = encoder;
  const all = optionsOver(encoder, more);
  if (paths.length + texts.length === 0) throw new SelfsupError('SELFSUP_DATA', 'there is nothing to open: give files or folders');
  const open = async (data: unknown) =>
    modality.openSamples({ data, whole: true, options: all, given: more, seed: settings.seed, testFraction: 0, input }, openContext);
  if (texts.length > 0) {
    if (modality.name !== 'text')
      throw new SelfsupError('SELFSUP_OPTION', `texts are for encoders of text, and this one is of the kind ${modality.name}; give files`);
    yield named(await open(texts));
  }
  if (paths.length === 0) return;
  if (!['image', 'image-text'].includes(modality.name) || !(await arePhotos(paths))) {
    for (const path of paths) {
      const opened = await open(path);
      yield named(opened);
      if (opened.test && modality.name === 'text') yield named({ ...opened, train: opened.test, skipped: () => [] }); // all of the folder is meant
    }
    return;
  }
  const imageInput = imageInputOf(input);
  const { files, unused } = await findPhotos(paths);
  const photos = await photoFiles(files, {
    imageSize: imageSizeOf(imageInput),
    channels: imageInput.channels,
    onSkip: ({ path, reason }) => {
      openContext.progress.warn(`skipped ${printable(path)}: ${reason}`);
    },
  });
  yield {
    samples: imageSamples(photos),
    nameOf: (index) => files[index]!,
    skipped: () => [...photos.skipped, ...unusedAsSkipped(unused)],
  };
}

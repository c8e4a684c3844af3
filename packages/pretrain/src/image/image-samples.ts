import { SelfsupError } from '@selfsup/core';
import { subset, type ImageDataset } from '@selfsup/data';
import type { Samples } from '../samples.ts';

/** Images as {@link Samples}: what can be read by index, with where each comes from. */
export interface ImageSamples extends ImageDataset {
  /** `[length]`: where each comes from, such as the path of a photo. */
  readonly ids?: readonly string[];
  /** `[length]`: what is said of each, where they come with texts. */
  readonly captions?: readonly string[];
}

/** A data set of images; folders of photos also tell the `paths`, pairs the `captions`. */
type Located = ImageDataset & { readonly paths?: readonly string[] } & Pick<ImageSamples, 'ids' | 'captions'>;

/**
 * Makes samples of a data set of images.
 *
 * @param dataset any; those that name their images in `paths` or `ids` keep these names, and `captions` their texts
 * @returns the samples
 */
export function imageSamples(dataset: Located): ImageSamples {
  const { name, length, height, width, channels, labels, classNames, captions, ids = dataset.paths } = dataset;
  return {
    name,
    length,
    height,
    width,
    channels,
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    ...(ids && { ids }),
    ...(captions && { captions }),
    read: (indices) => dataset.read(indices),
  };
}

/**
 * Some of the images.
 *
 * @param samples where they come from; read on demand
 * @param indices which, in the order of the new samples
 * @returns samples that number them from 0
 */
export function pickImages(samples: ImageSamples, indices: ArrayLike<number>): ImageSamples {
  const { ids, captions } = samples;
  const pick = (texts: readonly string[]) => Array.from(indices, (index) => texts[index]!);
  return { ...subset(samples, indices), ...(ids && { ids: pick(ids) }), ...(captions && { captions: pick(captions) }) };
}

/**
 * The images of one set after those of another.
 *
 * @param first gives the name
 * @param second of the same size; its labels are by the same classes
 * @returns samples of both; labels only where both have them
 */
export function joinImages(first: ImageSamples, second: ImageSamples): ImageSamples {
  const { labels, ids, captions, ...rest } = first;
  return {
    ...rest,
    length: first.length + second.length,
    ...(labels && second.labels && { labels: Int32Array.of(...labels, ...second.labels) }),
    ...(ids && second.ids && { ids: [...ids, ...second.ids] }),
    ...(captions && second.captions && { captions: [...captions, ...second.captions] }),
    async read(indices) {
      const [mine, others] = [Array.from(indices).filter((i) => i < first.length), Array.from(indices).filter((i) => i >= first.length)];
      const parts = [await first.read(mine), await second.read(others.map((i) => i - first.length))] as const;
      const size = first.height * first.width * first.channels;
      const rowOf = (part: (typeof parts)[number], row: number) => part.pixels.subarray(row * size, (row + 1) * size);
      const next = [0, 0];
      const rows: Uint8Array[] = [];
      const read: number[] = [];
      for (const index of Array.from(indices)) {
        const side = index < first.length ? 0 : 1;
        if (parts[side].indices[next[side]!] !== (side === 0 ? index : index - first.length)) continue; // it could not be decoded
        rows.push(rowOf(parts[side], next[side]!));
        next[side]!++;
        read.push(index);
      }
      const pixels = new Uint8Array(rows.length * size);
      for (const [row, bytes] of rows.entries()) pixels.set(bytes, row * size);
      return { pixels, shape: [rows.length, first.height, first.width, first.channels], indices: Int32Array.from(read) };
    },
  };
}

/**
 * Labels by the class names of other images, for data that is judged by another.
 *
 * @param samples whose labels are translated
 * @param classNames of the images that a classifier learned from; undefined where it knows numbers only
 * @returns samples with the same images
 * @throws SelfsupError `SELFSUP_DATA` on a class that is not among those
 */
export function translateLabels(samples: ImageSamples, classNames: readonly string[] | undefined): ImageSamples {
  const { labels, classNames: own, name } = samples;
  if (!labels || !own || !classNames || own.join('\n') === classNames.join('\n')) return samples;
  const places = own.map((className) => classNames.indexOf(className));
  const unknown = own.find((_, i) => places[i]! < 0 && labels.includes(i));
  if (unknown !== undefined)
    throw new SelfsupError('SELFSUP_DATA', `${name} has the class '${unknown}', which is not one of ${classNames.join(', ')}`);
  return { ...samples, classNames, labels: labels.map((label) => places[label]!) };
}

/** Samples of the image modality, which are what its openers gave. */
export const asImages = (samples: Samples): ImageSamples => samples as ImageSamples;

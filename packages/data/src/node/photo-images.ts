import { printable, SelfsupError } from '@selfsup/core';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { sidesOf, type ImageSize } from '../image-size.ts';
import { decodeImage, reasonOf, type DecodeImageOptions } from './decode-image.ts';
import { inParallel } from './in-parallel.ts';
import type { PhotoList } from './list-photos.ts';
import { loadSharp } from './load-sharp.ts';
import type { PhotoFile } from './photo-listing.ts';
import type { UnusedKind } from './unused-files.ts';

/** A photo that was left out, and why. */
export interface SkippedImage {
  /** Where it is. */
  readonly path: string;
  /** What the decoder says. */
  readonly reason: string;
}

/** Options of {@link imageFolder}. */
export interface ImageFolderOptions extends Pick<DecodeImageOptions, 'maxPixels' | 'maxFileBytes' | 'channels'> {
  /** The size in pixels that each photo is resized to cover and then cropped to: the side of a square, or `[height, width]`; default 64, each ≥ 1. */
  imageSize?: ImageSize;
  /**
   * Which folder of a path names the class: 0 is the first one in the data folder, 1 the one below it …; default the first level at which there are several.
   * Photos that have no such folder are left out.
   */
  classLevel?: number;
  /** Called once for each photo that cannot be decoded; default: nothing. */
  onSkip?: (skipped: SkippedImage) => void;
  /** Called as the photos are decoded; default: nothing. */
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** How many bytes of decoded pixels are kept; photos beyond are decoded each time they are read; default 1 GiB, ≥ 0. */
  cacheBytes?: number;
}

/** A data set of photos that also tells which ones were left out. */
export interface PhotoDataset extends ImageDataset {
  /** The photos that could not be decoded so far. */
  readonly skipped: readonly SkippedImage[];
  /** The files of the folder that are not used, by kind: other formats, links, photos without a class. */
  readonly unused: readonly UnusedKind[];
  /** `[length]`: where each image comes from. */
  readonly paths: readonly string[];
}

/**
 * Decodes listed photos into the cache and makes a data set of those that could be decoded.
 *
 * @param list the photos and their classes
 * @param name what the data set is called
 * @param options as {@link ImageFolderOptions}
 * @returns the data set
 * @throws SelfsupError `SELFSUP_OPTION` on a size that is out of range; `SELFSUP_DATA` when not one photo can be decoded
 */
export async function photoImages(
  list: PhotoList,
  name: string,
  options: ImageFolderOptions & { unused?: readonly UnusedKind[] },
): Promise<PhotoDataset> {
  const {
    imageSize = 64,
    channels = 3,
    onSkip,
    onProgress,
    cacheBytes = 2 ** 30,
    maxPixels,
    maxFileBytes = 2 ** 28,
    unused = [],
  } = options;
  const [height, width] = sidesOf(imageSize, 'imageFolder');
  const decoding = { imageSize, channels, maxFileBytes, ...(maxPixels !== undefined && { maxPixels }) };
  if (!(cacheBytes >= 0)) throw new SelfsupError('SELFSUP_OPTION', `imageFolder: \`cacheBytes\` must be >= 0, got ${cacheBytes}`);
  await loadSharp(); // its absence is no fault of the photos
  const skipped: SkippedImage[] = [];
  const broken = new Set<string>();
  const decode = async ({ path, read, size = 0 }: PhotoFile): Promise<Uint8Array | undefined> => {
    try {
      if (size > maxFileBytes) throw new Error(`it has ${size} bytes, and \`maxFileBytes\` is ${maxFileBytes}`);
      return (await decodeImage(read ? await read() : path, decoding)).pixels;
    } catch (error) {
      if ((error as SelfsupError).code === 'SELFSUP_OPTION') throw error; // no fault of the photo
      if (!broken.has(path)) {
        broken.add(path);
        const skip = { path, reason: reasonOf(error) };
        skipped.push(skip);
        onSkip?.(skip);
      }
      return undefined;
    }
  };

  const imageBytes = height * width * channels;
  const total = Math.min(list.files.length, Math.floor(cacheBytes / imageBytes));
  const first: (Uint8Array | undefined)[] = new Array<undefined>(total).fill(undefined);
  let done = 0;
  await inParallel(total, async (i) => {
    first[i] = await decode(list.files[i]!);
    onProgress?.({ done: ++done, total });
  });
  skipped.sort((a, b) => (a.path < b.path ? -1 : 1)); // files finish in any order
  const kept = list.files.map((file, i) => ({ file, pixels: first[i], tried: i < total })).filter(({ pixels, tried }) => pixels || !tried);
  if (kept.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `imageFolder: not one of the ${list.files.length} images of ${printable(name)} can be decoded, the first one because: ${skipped[0]!.reason}; check the files`,
    );
  const files: PhotoFile[] = kept.map(({ file }) => file);
  const cache = kept.map(({ pixels }) => pixels);
  const shape = (n: number) => [n, height, width, channels] as const;
  return {
    name,
    length: files.length,
    height,
    width,
    channels,
    skipped,
    unused,
    paths: files.map((file) => file.path),
    ...(list.classNames && { labels: Int32Array.from(files, (file) => file.label!), classNames: list.classNames }),
    async read(indices) {
      checkIndices(`${name}.read`, indices, files.length);
      const rows: (Uint8Array | undefined)[] = Array.from(indices, (index) => cache[index]);
      const inOrder = Array.from(rows.keys()).filter((i) => !rows[i]).sort((a, b) => indices[a]! - indices[b]!); // prettier-ignore
      // neighbors in one archive are read together
      await inParallel(inOrder.length, async (place) => {
        const i = inOrder[place]!;
        const file = files[indices[i]!]!;
        rows[i] = broken.has(file.path) ? undefined : await decode(file);
      });
      const present = Array.from(rows.keys()).filter((i) => rows[i]);
      const pixels = new Uint8Array(present.length * imageBytes); // [n, height, width, channels]
      present.forEach((i, row) => {
        pixels.set(rows[i]!, row * imageBytes);
      });
      return { pixels, shape: shape(present.length), indices: Int32Array.from(present, (i) => indices[i]!) };
    },
  };
}

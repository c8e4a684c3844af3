import { createRng, drawPermutation, nextTurn, SelfsupError, shareOf } from '@selfsup/core';
import { channelStatistics, type ImageDataset, type ImagePixels } from '@selfsup/data';
import { createCrc32, type Crc32 } from '../crc-32.ts';
import type { OpenContext, Skipped } from '../modality.ts';
import type { Progress } from '../progress.ts';
import { imageInputOf, shapeInWords, takesImages, type ImageInput } from './image-input.ts';
import { imageSamples, pickImages, type ImageSamples } from './image-samples.ts';

/** What a `DatasetOpener` of the modality `image` gives. */
export interface OpenedImageData {
  /** What is learned from: images of one size. `paths`, where they have some, become the ids of the samples. */
  readonly train: ImageDataset & { readonly paths?: readonly string[] };
  /** What is judged by, where the data has a part for it; otherwise the modality holds labeled images out. */
  readonly test?: ImageDataset & { readonly paths?: readonly string[] };
  /** Where `test` comes from; default `own part`. */
  readonly testFrom?: 'own part' | 'held out';
  /** What could not be used so far; default nothing. */
  skipped?(): readonly Skipped[];
  /** How many pictures were decoded in opening them, for the speed of reading; default none. */
  readonly decoded?: number;
}

/** Images that are learned from and judged by. */
export interface ImageParts {
  readonly train: ImageSamples;
  readonly test?: ImageSamples;
  readonly testFrom?: 'own part' | 'held out';
}

const CHUNK = 256;
/** Images that are read before training, so that broken files show up early. */
const READ_FIRST = 20_000;
/** Splits what was opened; of labeled images without a test part some are held out, chosen by the seed. */
export function splitImages(
  opened: OpenedImageData,
  options: { seed: number; testFraction: number; testLimit?: number | undefined },
): ImageParts {
  const { seed, testFraction, testLimit = Infinity } = options;
  const all = imageSamples(opened.train);
  if (opened.test) return { train: all, test: imageSamples(opened.test), testFrom: opened.testFrom ?? 'own part' };
  const count = Math.min(shareOf(all.length, testFraction, 'nearest'), testLimit);
  if (!all.labels || count < 1) return { train: all };
  const order = drawPermutation(createRng(seed).fold('hold out'), all.length);
  return {
    test: pickImages(all, order.slice(0, count).sort()),
    train: pickImages(all, order.slice(count).sort()),
    testFrom: 'held out',
  };
}

/** Values of an image that are looked at to know it again. */
const LOOKED_AT = 4096;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Adds images to a checksum: of large ones evenly spaced values, of all channels and columns. */
function addPixels(sum: Crc32, { pixels, shape }: ImagePixels, count: number): void {
  const [, , width, channels] = shape;
  let stride = Math.max(1, Math.floor(pixels.length / (LOOKED_AT * count)));
  while (gcd(stride, width * channels) > 1) stride--;
  sum.add(stride === 1 ? pixels : Uint8Array.from({ length: Math.ceil(pixels.length / stride) }, (_, i) => pixels[i * stride]!));
}

async function readOnce(parts: readonly ImageSamples[], progress: Progress): Promise<{ total: number; content: string }> {
  const sum = createCrc32();
  const total = parts.reduce((sum, { length }) => sum + Math.min(length, READ_FIRST), 0);
  const stage = progress.stage('Reading images', { total, unit: 'images' });
  let done = 0;
  for (const part of parts) {
    const length = Math.min(part.length, READ_FIRST);
    for (let first = 0; first < length; first += CHUNK) {
      await nextTurn();
      const size = Math.min(CHUNK, length - first);
      addPixels(sum, await part.read(Array.from({ length: size }, (_, i) => first + i)), size);
      stage.update((done += size));
    }
  }
  stage.end();
  return { total, content: sum.digest() };
}

/**
 * Reads images once, so that broken files show up early, and measures what encoders are to take.
 *
 * @param parts the images
 * @param context progress, and what run.json says when a run is continued
 * @param opened when the opening began, in milliseconds of `performance.now()`, and how many pictures it decoded itself
 * @returns the input, measured or that of run.json, images per second since the beginning, and a checksum of what was read
 * @throws SelfsupError `SELFSUP_DATA` when the images are not those that the encoder of a run takes
 */
export async function measureImages(
  parts: ImageParts,
  context: Pick<OpenContext, 'progress' | 'earlier'>,
  opened: { started: number; decoded?: number | undefined },
): Promise<{ input: ImageInput; imagesPerSecond: number; content: string }> {
  const { train, test } = parts;
  const { total, content } = await readOnce(test ? [train, test] : [train], context.progress);
  const seconds = (performance.now() - opened.started) / 1000;
  const imagesPerSecond = Math.max(total, opened.decoded ?? 0) / Math.max(seconds, 1e-9);
  if (context.earlier) {
    const input = imageInputOf(context.earlier.input);
    if (!takesImages(input, train))
      throw new SelfsupError(
        'SELFSUP_DATA',
        `the encoder takes images of ${shapeInWords(input)}, ${train.name} has ${shapeInWords(train)}; give data of that size; photos are resized by \`imageSize\` ${input.height === input.width ? input.size : `${input.height}x${input.width}`}`,
      );
    return { input, imagesPerSecond, content };
  }
  const { mean, std } = await channelStatistics(train);
  const { height, width, channels } = train;
  const size = Math.min(height, width);
  const input: ImageInput = { size, height, width, channels, mean, std: std.map((value) => Math.max(value, 1e-3)) };
  return { input, imagesPerSecond, content };
}

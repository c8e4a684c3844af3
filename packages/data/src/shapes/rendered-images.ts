import { createRng, SelfsupError, type Rng } from '@selfsup/core';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { SHAPE_CLASSES } from './outline.ts';

/** Options of `shapes`, `shapesWithMasks` and `captionedShapes`. */
export interface ShapesOptions {
  /** How many images, ≥ 1. */
  count: number;
  /** Which images: each seed gives a collection of its own. */
  seed: number;
  /** `train` and `test` are independent of each other; default `train`. */
  split?: 'train' | 'test';
  /** The side of the square images in pixels; default 32, 8 … 1024. */
  size?: number;
}

/** A kind of procedural images. */
export interface RenderedKind {
  /** The public function, for messages. */
  who: string;
  /** What the data set is called. */
  name: string;
  /** The label of the random stream that the images are drawn from. */
  stream: string;
  /** Renders one image from its own stream into `[size, size, 3]` bytes. */
  render: (rng: Rng, label: number, target: { size: number; out: Uint8Array }) => void;
}

const CACHE_BYTES = 2 ** 28;

/**
 * Images that are rendered when they are first read and kept, up to 256 MiB. Internal.
 *
 * @param options see {@link ShapesOptions}
 * @param kind see {@link RenderedKind}
 * @returns `images`: image i has class i mod 10; `streamOf`: the random stream of image i
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 */
export function renderImages(options: ShapesOptions, kind: RenderedKind): { images: ImageDataset; streamOf: (i: number) => Rng } {
  const { count, seed, split = 'train', size = 32 } = options;
  const { who, name, stream, render } = kind;
  if (!Number.isSafeInteger(count) || count < 1 || count > 2 ** 31 - 1)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`count\` must be an integer >= 1, got ${count}`);
  if (!Number.isInteger(size) || size < 8 || size > 1024)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`size\` must be an integer from 8 to 1024, got ${size}`);
  if ((split as string) !== 'train' && (split as string) !== 'test')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`split\` must be 'train' or 'test', got ${String(split)}`);
  const rng = createRng(seed).fold(stream).fold(split);
  const streamOf = (i: number) => rng.fold(i);
  const numClasses = SHAPE_CLASSES.length;
  const bytes = size * size * 3;
  const cache = new Map<number, Uint8Array>();
  const cached = Math.min(count, Math.floor(CACHE_BYTES / bytes));
  const image = (i: number): Uint8Array => {
    let pixels = cache.get(i);
    if (pixels) return pixels;
    pixels = new Uint8Array(bytes);
    render(streamOf(i), i % numClasses, { size, out: pixels });
    if (cache.size < cached) cache.set(i, pixels);
    return pixels;
  };
  const images: ImageDataset = {
    name,
    length: count,
    height: size,
    width: size,
    channels: 3,
    labels: Int32Array.from({ length: count }, (_, i) => i % numClasses),
    classNames: SHAPE_CLASSES.map((shape) => shape.name),
    read(indices) {
      checkIndices(`${who}.read`, indices, count);
      const pixels = new Uint8Array(indices.length * bytes); // [n, size, size, 3]
      for (let i = 0; i < indices.length; i++) pixels.set(image(indices[i]!), i * bytes);
      return Promise.resolve({ pixels, shape: [indices.length, size, size, 3], indices: Int32Array.from(indices) });
    },
  };
  return { images, streamOf };
}

import type { GalleryItem } from '../section.ts';
import type { Samples } from '../samples.ts';
import { asImages } from './image-samples.ts';

/** The side of a thumbnail, in pixels. */
const TILE = 40;

/** Pixels of a row or column that a pixel of the thumbnail covers: where it starts, and with which share each counts. */
function coverage(side: number): readonly { readonly first: number; readonly shares: readonly number[] }[] {
  const step = side / TILE;
  return Array.from({ length: TILE }, (_, i) => {
    if (step <= 1) return { first: Math.min(side - 1, Math.floor((i + 0.5) * step)), shares: [1] }; // enlarged without smoothing
    const [from, to] = [i * step, Math.min(side, (i + 1) * step)];
    const first = Math.floor(from);
    const last = Math.min(side - 1, Math.ceil(to) - 1);
    const shares = Array.from(
      { length: last - first + 1 },
      (_, k) => (Math.min(to, first + k + 1) - Math.max(from, first + k)) / (to - from),
    );
    return { first, shares };
  });
}

/** RGB bytes of an image of TILE × TILE pixels: means of what each covers. */
function shrink(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number]): Uint8Array {
  const [rows, columns] = [coverage(height), coverage(width)];
  const tile = new Uint8Array(TILE * TILE * 3);
  for (const [y, row] of rows.entries())
    for (const [x, column] of columns.entries())
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const [j, down] of row.shares.entries())
          for (const [i, across] of column.shares.entries())
            sum += down * across * pixels[((row.first + j) * width + column.first + i) * channels + (channels === 1 ? 0 : c)]!;
        tile[(y * TILE + x) * 3 + c] = Math.round(sum);
      }
  return tile;
}

function toDataUri(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

/**
 * Small pictures of images, for reports.
 *
 * @param samples images
 * @param indices which
 * @returns one item per index with a PNG of 40 × 40 pixels as a data URI; a text where an image cannot be read
 */
export async function showImages(samples: Samples, indices: readonly number[]): Promise<readonly GalleryItem[]> {
  const images = asImages(samples);
  const { encode } = await import('fast-png');
  const wanted = [...new Set(indices)];
  const { pixels, shape, indices: read } = await images.read(wanted);
  const [, height, width, channels] = shape;
  const size = height * width * channels;
  const uris = new Map<number, string>();
  for (const [row, index] of read.entries()) {
    const data = shrink(pixels.subarray(row * size, (row + 1) * size), [height, width, channels]);
    uris.set(index, toDataUri(encode({ width: TILE, height: TILE, data, channels: 3 })));
  }
  return indices.map((index) => {
    const image = uris.get(index);
    return image === undefined ? { text: 'cannot be read' } : { image };
  });
}

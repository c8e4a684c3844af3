import type { GalleryItem } from '../section.ts';
import type { Samples } from '../samples.ts';
import { asImages } from './image-samples.ts';

/** The longer side of a thumbnail, in pixels. */
const TILE = 40;

/** Pixels of a row or column that a pixel of the thumbnail covers: where it starts, and with which share each counts. */
function coverage(side: number, tile: number): readonly { readonly first: number; readonly shares: readonly number[] }[] {
  const step = side / tile;
  return Array.from({ length: tile }, (_, i) => {
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

/** Height and width of the thumbnail of an image. */
const tileOf = (height: number, width: number): readonly [number, number] => {
  const scale = TILE / Math.max(height, width);
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))];
};

/** RGB bytes of the thumbnail of an image: means of what each pixel covers. */
function shrink(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number]): Uint8Array {
  const [tileHeight, tileWidth] = tileOf(height, width);
  const [rows, columns] = [coverage(height, tileHeight), coverage(width, tileWidth)];
  const tile = new Uint8Array(tileHeight * tileWidth * 3);
  for (const [y, row] of rows.entries())
    for (const [x, column] of columns.entries())
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const [j, down] of row.shares.entries())
          for (const [i, across] of column.shares.entries())
            sum += down * across * pixels[((row.first + j) * width + column.first + i) * channels + (channels < 3 ? 0 : c)]!;
        tile[(y * tileWidth + x) * 3 + c] = Math.round(sum);
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
 * @returns one item per index with a PNG as a data URI, whose longer side has 40 pixels; a text where an image cannot be read
 */
export async function showImages(samples: Samples, indices: readonly number[]): Promise<readonly GalleryItem[]> {
  const images = asImages(samples);
  const { encode } = await import('fast-png');
  const wanted = [...new Set(indices)];
  const { pixels, shape, indices: read } = await images.read(wanted);
  const [, height, width, channels] = shape;
  const size = height * width * channels;
  const [tileHeight, tileWidth] = tileOf(height, width);
  const uris = new Map<number, string>();
  for (const [row, index] of read.entries()) {
    const data = shrink(pixels.subarray(row * size, (row + 1) * size), [height, width, channels]);
    uris.set(index, toDataUri(encode({ width: tileWidth, height: tileHeight, data, channels: 3 })));
  }
  return indices.map((index) => {
    const image = uris.get(index);
    return image === undefined ? { text: 'cannot be read' } : { image };
  });
}

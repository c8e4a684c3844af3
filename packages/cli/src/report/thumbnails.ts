import type { ImageDataset } from '@selfsup/data';

/** Many small pictures in one, row by row. */
export interface Sprite {
  /** A data URI. */
  readonly uri: string;
  /** Pictures per row. */
  readonly columns: number;
  /** Rows of pictures. */
  readonly rows: number;
}

/** The side of a thumbnail, in pixels. */
export const TILE = 40;
const COLUMNS = 40;

interface Tiles {
  /** RGB bytes of TILE × TILE pixels, by index of the data set. */
  readonly byIndex: ReadonlyMap<number, Buffer>;
}

async function makeTiles(dataset: ImageDataset, indices: readonly number[]): Promise<Tiles> {
  const { default: sharp } = await import('sharp');
  const { pixels, shape, indices: read } = await dataset.read(indices);
  const [, height, width, channels] = shape;
  const size = height * width * channels;
  const byIndex = new Map<number, Buffer>();
  for (const [row, index] of read.entries()) {
    const image = sharp(pixels.subarray(row * size, (row + 1) * size), { raw: { width, height, channels: channels as 1 | 3 } });
    const kernel = width < TILE ? 'nearest' : 'lanczos3';
    byIndex.set(index, await image.resize(TILE, TILE, { kernel, fit: 'fill' }).toColourspace('srgb').removeAlpha().raw().toBuffer());
  }
  return { byIndex };
}

/**
 * Draws images of a data set as thumbnails.
 *
 * @param dataset the images
 * @param indices which
 * @returns PNG data URIs by index; an image that cannot be read is missing
 */
export async function thumbnails(dataset: ImageDataset, indices: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const { default: sharp } = await import('sharp');
  const { byIndex } = await makeTiles(dataset, [...new Set(indices)]);
  const uris = new Map<number, string>();
  for (const [index, tile] of byIndex) {
    const png = await sharp(tile, { raw: { width: TILE, height: TILE, channels: 3 } })
      .png()
      .toBuffer();
    uris.set(index, `data:image/png;base64,${png.toString('base64')}`);
  }
  return uris;
}

/**
 * Draws images of a data set into one picture.
 *
 * @param dataset the images
 * @param indices which, each once; picture i stands in row ⌊i / columns⌋, column i mod columns
 * @returns see {@link Sprite}
 */
export async function drawSprite(dataset: ImageDataset, indices: readonly number[]): Promise<Sprite> {
  const { default: sharp } = await import('sharp');
  const columns = Math.min(COLUMNS, Math.max(1, indices.length));
  const rows = Math.max(1, Math.ceil(indices.length / columns));
  const stride = columns * TILE * 3;
  const canvas = Buffer.alloc(rows * TILE * stride);
  const { byIndex } = await makeTiles(dataset, indices);
  for (const [i, index] of indices.entries()) {
    const tile = byIndex.get(index);
    const left = (i % columns) * TILE * 3;
    const top = Math.floor(i / columns) * TILE;
    for (let y = 0; tile && y < TILE; y++) tile.copy(canvas, (top + y) * stride + left, y * TILE * 3, (y + 1) * TILE * 3);
  }
  const picture = await sharp(canvas, { raw: { width: columns * TILE, height: rows * TILE, channels: 3 } })
    .webp({ quality: 75 })
    .toBuffer();
  return { uri: `data:image/webp;base64,${picture.toString('base64')}`, columns, rows };
}

import { loadSharp } from './load-sharp.ts';

/** A picture of a grid: bytes from 0 to 255, rows from the top, channels last. */
export interface GridPicture {
  /** height · width · channels bytes. */
  readonly pixels: Uint8Array;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** 1 is gray, 3 is red, green and blue. */
  readonly channels: number;
}

/** How large the pictures of a grid are drawn. */
export interface DrawGridOptions {
  /** The side of a place in the grid, in pixels. */
  tile: number;
  /** Pixels of the drawing for each pixel of a picture. */
  scale: number;
}

/** Pixels between two places. */
const GAP = 4;

/**
 * Draws rows of pictures into one PNG on white, each in the middle of its place, larger ones shrunk to it.
 *
 * @param rows the pictures, row by row; all rows as long
 * @param options see {@link DrawGridOptions}
 * @returns the PNG
 * @throws SelfsupError `SELFSUP_DATA` without the package sharp
 */
export async function drawGrid(rows: readonly (readonly GridPicture[])[], options: DrawGridOptions): Promise<Buffer> {
  const sharp = await loadSharp();
  const { tile, scale } = options;
  const step = tile + GAP;
  const drawn = rows.flatMap((row, y) =>
    row.map(async ({ pixels, height, width, channels }, x) => {
      const fit = Math.min(scale, tile / Math.max(height, width));
      const [drawnHeight, drawnWidth] = [height, width].map((side) => Math.max(1, Math.round(side * fit))) as [number, number];
      const input = await sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
        .resize(drawnWidth, drawnHeight, { kernel: fit > 1 ? 'nearest' : 'lanczos3', fit: 'fill' })
        .toColourspace('srgb')
        .png()
        .toBuffer();
      const middle = (side: number) => Math.floor((tile - side) / 2);
      return { input, left: GAP + x * step + middle(drawnWidth), top: GAP + y * step + middle(drawnHeight) };
    }),
  );
  const [width, height] = [rows[0]!.length * step + GAP, rows.length * step + GAP];
  return sharp({ create: { width, height, channels: 3, background: 'white' } })
    .composite(await Promise.all(drawn))
    .png()
    .toBuffer();
}

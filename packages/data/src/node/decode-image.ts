import { printable, SelfsupError } from '@selfsup/core';
import { missingInTiff } from './check-tiff.ts';
import { loadSharp } from './load-sharp.ts';
import { describeContent, pictureKind, SIGNATURE_BYTES } from '../picture-kind.ts';
import { createBudget } from './pixel-budget.ts';
import { readHead, withFile } from './read-file-within.ts';
import { systemReason } from './system-reason.ts';

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /** The side in pixels of the square that the image is resized to cover and then cropped to, about its center; default: its own size. */
  imageSize?: number;
  /** Whether the picture is turned upright as its EXIF orientation says; default true. */
  orient?: boolean;
  /** A picture of more pixels is refused before it is decoded; default 134,217,728 (11,585²), an integer ≥ 1. */
  maxPixels?: number;
  /** A larger file is refused before it is read; default 268,435,456 bytes, an integer ≥ 1. */
  maxFileBytes?: number;
}

/** A decoded picture. */
export interface DecodedImage {
  /** `[height, width, 3]` row-major RGB, 0 … 255. */
  readonly pixels: Uint8Array;
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
}

const MAX_PIXELS = 2 ** 27;
/** Longer rows cost the decoder gigabytes, however few there are; only damaged headers ask for them. */
const MAX_SIDE = 2 ** 16;
const MAX_FILE_BYTES = 2 ** 28;
const budget = createBudget(MAX_PIXELS); // pixels of the pictures that are being decoded, in this process

const refuse = (what: string): never => {
  throw new Error(what);
};

/** Reads a file once what it begins with is a picture. */
const readPicture = (path: string, maxFileBytes: number) =>
  withFile(path, 'decodeImage', async (file, size) => {
    const head = await readHead(file, Math.min(size, SIGNATURE_BYTES));
    if (!pictureKind(head)) refuse(notAPicture(head));
    if (size > maxFileBytes) refuse(`it has ${size} bytes, and \`maxFileBytes\` is ${maxFileBytes}`);
    return readHead(file, size);
  });

const notAPicture = (bytes: Uint8Array) => `it is ${describeContent(bytes)}, not JPEG, PNG, WebP, GIF, TIFF or AVIF`;

/**
 * Decodes a JPEG, PNG, WebP, GIF, TIFF or AVIF file to 8-bit sRGB.
 *
 * @param file its path, or its bytes
 * @param options `imageSize` (default: as it is), `orient` (default true), and the limits `maxPixels` (2²⁷) and `maxFileBytes` (2²⁸); a side has at most 2¹⁶ pixels
 * @returns the pixels; gray, CMYK, palette and 16-bit pictures become RGB, transparent ones lie on white, of an animation it is the first frame
 * @throws SelfsupError `SELFSUP_OPTION` on an option that is not an integer ≥ 1; `SELFSUP_DATA` when it is of another format, damaged, cut short, or
 *   beyond a limit, and when sharp is not installed
 * @remarks The format is what the first bytes say, not the name: an SVG drawing, which may read other files, is refused. Files are read here, so that sharp
 * remembers none of them, and sharp sees the size before the pixels. Pictures of 2²⁷ pixels in all are decoded at once, whoever asks.
 * Resizing is sharp's: Lanczos with antialiasing. An embedded color profile is not applied, as Pillow does not apply it either.
 * @example
 * ```ts
 * import { decodeImage } from '@selfsup/data/node';
 * const { pixels } = await decodeImage('photo.jpg', { imageSize: 64 }); // 64 · 64 · 3 bytes
 * ```
 */
export async function decodeImage(file: string | Uint8Array, options: DecodeImageOptions = {}): Promise<DecodedImage> {
  const { imageSize, orient = true, maxPixels = MAX_PIXELS, maxFileBytes = MAX_FILE_BYTES } = options;
  for (const [name, value] of Object.entries({ imageSize, maxPixels, maxFileBytes }))
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
      throw new SelfsupError('SELFSUP_OPTION', `decodeImage: \`${name}\` must be an integer >= 1, got ${value}`);
  const sharp = await loadSharp();
  try {
    const bytes = typeof file === 'string' ? await readPicture(file, maxFileBytes) : file;
    const kind = pictureKind(bytes);
    if (kind === undefined) return refuse(notAPicture(bytes));
    const missing = kind === 'tiff' ? missingInTiff(bytes) : undefined;
    if (missing !== undefined) refuse(missing);
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (Math.max(width, height) > MAX_SIDE) refuse(`it has ${width} x ${height} pixels, and a side may have ${MAX_SIDE}`);
    if (width * height > maxPixels) refuse(`it has ${width} x ${height} pixels, and \`maxPixels\` is ${maxPixels}`);
    return await budget.within(width * height, async () => {
      // A file that is cut short is an error; odd but complete ones are not.
      let picture = sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: maxPixels });
      if (orient) picture = picture.autoOrient();
      picture = picture.flatten({ background: '#ffffff' }).toColourspace('srgb');
      if (imageSize !== undefined)
        picture = picture.resize(imageSize, imageSize, { fit: 'cover', position: 'center', fastShrinkOnLoad: false });
      const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
      return { pixels: toRgb(data, info.channels), height: info.height, width: info.width };
    });
  } catch (cause) {
    const name = typeof file === 'string' ? printable(file) : 'the picture';
    throw new SelfsupError('SELFSUP_DATA', `decodeImage: ${name} cannot be decoded: ${reasonOf(cause)}`, { cause });
  }
}

/** The reason behind an error: the first line of what the decoder says, or why the system refused. */
export function reasonOf(error: unknown): string {
  let cause = error;
  while (cause instanceof SelfsupError && cause.cause !== undefined) cause = cause.cause;
  return systemReason(cause) || 'unknown reason';
}

function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data);
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    pixels[to] = data[from]!;
    pixels[to + 1] = data[channels < 3 ? from : from + 1]!;
    pixels[to + 2] = data[channels < 3 ? from : from + 2]!;
  }
  return pixels;
}

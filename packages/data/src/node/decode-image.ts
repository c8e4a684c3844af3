import { isSelfsupError, printable, SelfsupError } from '@selfsup/core';
import type { Sharp } from 'sharp';
import { sidesOf, type ImageSize } from '../image-size.ts';
import { missingInTiff } from './check-tiff.ts';
import { decodeBmp, sizeOfBmp } from './decode-bmp.ts';
import { loadSharp } from './load-sharp.ts';
import { describeContent, pictureKind, SIGNATURE_BYTES } from '../picture-kind.ts';
import { createBudget } from './pixel-budget.ts';
import { readHead, withFile } from './read-file-within.ts';
import { systemReason } from './system-reason.ts';

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /**
   * The size in pixels that the image is resized to cover and then cropped to, about its center: the side of a square, or `[height, width]`; default its own
   * size.
   */
  imageSize?: ImageSize;
  /**
   * The channels of the result; default 3: RGB. 1 is gray; 4 is RGB with alpha, which is 255 in opaque pictures. Any other number is for pictures that have just so
   * many, such as a TIFF of a multispectral camera: they are taken as they are. With 1 and 3, transparent pixels lie on white.
   */
  channels?: number;
  /** Whether the picture is turned upright as its EXIF orientation says; default true. */
  orient?: boolean;
  /** A picture of more pixels is refused before it is decoded; default 134,217,728 (11,585²), an integer ≥ 1. */
  maxPixels?: number;
  /** A larger file is refused before it is read; default 268,435,456 bytes, an integer ≥ 1. */
  maxFileBytes?: number;
}

/** A decoded picture. */
export interface DecodedImage {
  /** `[height, width, channels]` row-major, 0 … 255; RGB by default. */
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

const notAPicture = (bytes: Uint8Array) => `it is ${describeContent(bytes)}, not JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP`;

/**
 * Decodes a JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP file to 8-bit sRGB, or to gray or other channels.
 *
 * @param file its path, or its bytes
 * @param options `imageSize` (default: as it is), `channels` (default 3), `orient` (default true), and the limits `maxPixels` (2²⁷) and `maxFileBytes` (2²⁸); a side
 *   has at most 2¹⁶ pixels
 * @returns the pixels; gray, CMYK, palette and 16-bit pictures become RGB, transparent ones lie on white, of an animation it is the first frame
 * @throws SelfsupError `SELFSUP_OPTION` on an option that is not an integer ≥ 1; `SELFSUP_DATA` when it is of another format, damaged, cut short, or
 *   beyond a limit, and when sharp is not installed
 * @remarks The format is what the first bytes say, not the name: an SVG drawing, which may read other files, is refused. Files are read here, so that sharp
 * remembers none of them, and sharp sees the size before the pixels. Pictures of 2²⁷ pixels in all are decoded at once, whoever asks.
 * BMP is decoded here, everything else by sharp. Of 16 bits the upper 8 are kept. Resizing is sharp's: Lanczos with antialiasing. An embedded color profile is
 * not applied, as Pillow does not apply it either.
 * @example
 * ```ts
 * import { decodeImage } from '@selfsup/data/node';
 * const { pixels } = await decodeImage('photo.jpg', { imageSize: 64 }); // 64 · 64 · 3 bytes
 * ```
 */
export async function decodeImage(file: string | Uint8Array, options: DecodeImageOptions = {}): Promise<DecodedImage> {
  const { imageSize, channels = 3, orient = true, maxPixels = MAX_PIXELS, maxFileBytes = MAX_FILE_BYTES } = options;
  for (const [name, value] of Object.entries({ channels, maxPixels, maxFileBytes }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new SelfsupError('SELFSUP_OPTION', `decodeImage: \`${name}\` must be an integer >= 1, got ${value}`);
  const sides = imageSize === undefined ? undefined : sidesOf(imageSize, 'decodeImage');
  const sharp = await loadSharp();
  const decode = async (): Promise<DecodedImage> => {
    const bytes = typeof file === 'string' ? await readPicture(file, maxFileBytes) : file;
    const kind = pictureKind(bytes);
    if (kind === undefined) return refuse(notAPicture(bytes));
    const missing = kind === 'tiff' ? missingInTiff(bytes) : undefined;
    if (missing !== undefined) refuse(missing);
    const found: Found =
      kind === 'bmp' ? sizeOfBmp(bytes) : await sharp(bytes, { limitInputPixels: false, limitInputChannels: 0 }).metadata();
    const { width, height } = found;
    if (Math.max(width, height) > MAX_SIDE) refuse(`it has ${width} x ${height} pixels, and a side may have ${MAX_SIDE}`);
    if (width * height > maxPixels) refuse(`it has ${width} x ${height} pixels, and \`maxPixels\` is ${maxPixels}`);
    return await budget.within(width * height, async () => {
      // A file that is cut short is an error; odd but complete ones are not.
      let picture =
        kind === 'bmp'
          ? sharp(decodeBmp(bytes), { raw: { width, height, channels: 3 } })
          : sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: maxPixels, limitInputChannels: 0 });
      if (orient) picture = picture.autoOrient();
      const resize = (image: Sharp) =>
        sides ? image.resize(sides[1], sides[0], { fit: 'cover', position: 'center', fastShrinkOnLoad: false }) : image;
      if (isOfBands(found, channels)) return decodeBands(picture, { found, channels, maxPixels, resize });
      if (found.channels > 5) refuse(`it has ${found.channels} channels, and \`channels\` is ${channels}`);
      picture = channels === 4 ? picture.ensureAlpha().toColourspace('srgb') : picture.flatten({ background: '#ffffff' }).toColourspace(channels === 1 ? 'b-w' : 'srgb'); // prettier-ignore
      const { data, info } = await resize(picture).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
      return { pixels: withChannels(data, info.channels, channels), height: info.height, width: info.width };
    });
  };
  try {
    return await decode().catch((error: unknown) => (isMixedUp(error) ? oneByOne(decode) : Promise.reject(error as Error)));
  } catch (cause) {
    const name = typeof file === 'string' ? printable(file) : 'the picture';
    throw new SelfsupError('SELFSUP_DATA', `decodeImage: ${name} cannot be decoded: ${reasonOf(cause)}`, { cause });
  }
}

/** What a header says. */
interface Found {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: string;
  readonly space?: string;
}

const isGray = ({ space }: Found) => space === 'b-w' || space === 'grey16';
/** Whether the channels are bands of a camera rather than gray, colors and alpha. */
const isOfBands = (found: Found, channels: number) =>
  ![1, 3, 4].includes(channels) || (isGray(found) && channels > 2 && found.channels === channels);

/** Decodes a picture of any number of bands, each by itself: none is alpha, by which others would be weighted. */
async function decodeBands(
  picture: Sharp,
  options: { found: Found; channels: number; maxPixels: number; resize: (image: Sharp) => Sharp },
): Promise<DecodedImage> {
  const { found, channels, maxPixels, resize } = options;
  if (found.channels !== channels) refuse(`it has ${found.channels} channels, and \`channels\` is ${channels}`);
  if (found.depth !== 'uchar' && found.depth !== 'ushort') refuse(`it has ${found.depth} values, and those of 8 and 16 bits are read`);
  if (found.width * found.height * channels > 4 * maxPixels)
    refuse(`it has ${found.width} x ${found.height} x ${channels} values, and \`maxPixels\` is ${maxPixels}`);
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const count = info.width * info.height;
  // of gray sharp makes three colors, and leaves the other bands as they are
  const added = info.channels - channels;
  if (added !== 0 && added !== 2) refuse(`its ${channels} channels became ${info.channels}`);
  const sharp = await loadSharp();
  const bands: Uint8Array[] = [];
  let size = { height: info.height, width: info.width };
  for (let band = 0; band < channels; band++) {
    const from = band === 0 ? 0 : band + added;
    const values = Uint8Array.from({ length: count }, (_, i) => data[i * info.channels + from]!);
    const image = sharp(values, { raw: { width: info.width, height: info.height, channels: 1 } });
    const made = await resize(image).toColourspace('b-w').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    size = { height: made.info.height, width: made.info.width };
    bands.push(made.data);
  }
  const pixels = Uint8Array.from(
    { length: size.height * size.width * channels },
    (_, i) => bands[i % channels]![Math.floor(i / channels)]!,
  );
  return { pixels, ...size };
}

/**
 * Whether an error may lack its own words: libvips keeps them in one place for all threads, so of two pictures that fail at once one has the words of both, and the
 * other none.
 */
const isMixedUp = (error: unknown) =>
  error instanceof Error && !isSelfsupError(error) && /^\s*(Unknown error)?\s*$|\S\s*\n\s*\S/.test(error.message);

const TRIES = 3; // others may fail meanwhile
let before: Promise<unknown> = Promise.resolve();

/** Decodes a broken picture again, one at a time, until it is told what ails it. */
function oneByOne(decode: () => Promise<DecodedImage>): Promise<DecodedImage> {
  const again = async (left: number): Promise<DecodedImage> =>
    decode().catch((error: unknown) => {
      if (left > 1 && isMixedUp(error)) return again(left - 1);
      if (/^\s*(Unknown error)?\s*$/.test((error as Error).message)) return refuse('it is damaged, and the decoder does not say how');
      throw error;
    });
  const turn = before.then(() => again(TRIES));
  before = turn.catch(() => undefined);
  return turn;
}

/** The reason behind an error: the first line of what the decoder says, or why the system refused. */
export function reasonOf(error: unknown): string {
  let cause = error;
  while (cause instanceof SelfsupError && cause.cause !== undefined) cause = cause.cause;
  return systemReason(cause) || 'unknown reason';
}

/** Bytes with other channels: of gray the same value three times. */
function withChannels(data: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return new Uint8Array(data);
  const count = data.length / from;
  const pixels = new Uint8Array(count * to);
  for (let i = 0; i < count; i++)
    for (let channel = 0; channel < to; channel++)
      pixels[i * to + channel] =
        channel < 3 ? data[i * from + (from < 3 ? 0 : channel)]! : from % 2 === 0 ? data[i * from + from - 1]! : 255;
  return pixels;
}

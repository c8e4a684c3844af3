import { SelfsupError } from '@selfsup/core';
import { loadSharp } from './load-sharp.ts';

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /** The side in pixels of the square that the image is resized to cover and then cropped to, about its center; default: its own size. */
  imageSize?: number;
  /** Whether the picture is turned upright as its EXIF orientation says; default true. */
  orient?: boolean;
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

/**
 * Decodes a JPEG, PNG, WebP, GIF, TIFF or AVIF file to 8-bit sRGB.
 *
 * @param file its path, or its bytes
 * @param options `imageSize` (default: as it is) and `orient` (default true)
 * @returns the pixels; gray, CMYK, palette and 16-bit pictures become RGB, transparent ones lie on white, of an animation it is the first frame
 * @throws SelfsupError `SELFSUP_OPTION` on an image size that is no integer ≥ 1; `SELFSUP_DATA` when it is no picture, damaged, or cut short
 * @remarks Resizing is sharp's: Lanczos with antialiasing. An embedded color profile is not applied, as Pillow does not apply it either.
 * @example
 * ```ts
 * import { decodeImage } from '@selfsup/data/node';
 * const { pixels } = await decodeImage('photo.jpg', { imageSize: 64 }); // 64 · 64 · 3 bytes
 * ```
 */
export async function decodeImage(file: string | Uint8Array, options: DecodeImageOptions = {}): Promise<DecodedImage> {
  const { imageSize, orient = true } = options;
  if (imageSize !== undefined && (!Number.isInteger(imageSize) || imageSize < 1))
    throw new SelfsupError('SELFSUP_OPTION', `decodeImage: \`imageSize\` must be an integer >= 1, got ${imageSize}`);
  const sharp = await loadSharp();
  try {
    // A file that is cut short is an error; odd but complete ones are not.
    let picture = sharp(file, { failOn: 'truncated', ignoreIcc: true });
    if (orient) picture = picture.autoOrient();
    picture = picture.flatten({ background: '#ffffff' }).toColourspace('srgb');
    if (imageSize !== undefined)
      picture = picture.resize(imageSize, imageSize, { fit: 'cover', position: 'center', fastShrinkOnLoad: false });
    const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return { pixels: toRgb(data, info.channels), height: info.height, width: info.width };
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new SelfsupError('SELFSUP_DATA', `decodeImage: ${typeof file === 'string' ? file : 'the picture'} cannot be decoded: ${reason}`, {
      cause,
    });
  }
}

/** The first line of what the decoder says, without the path that it may begin with. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof SelfsupError ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n')[0]!.trim() || 'unknown reason';
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

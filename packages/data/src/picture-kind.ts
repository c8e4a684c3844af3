/** The formats that are decoded. */
export type PictureKind = 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif' | 'bmp';

const latin = (bytes: Uint8Array, from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));
const begins = (bytes: Uint8Array, signature: string, at = 0) => latin(bytes, at, signature.length) === signature;

/** Bytes that {@link pictureKind} looks at. */
export const SIGNATURE_BYTES = 1024;

/** The brands of an ISO base media file, AVIF and HEIC among them: the main one and those that it is compatible with. */
function brandsOf(bytes: Uint8Array): string[] {
  if (!begins(bytes, 'ftyp', 4)) return [];
  const size = Math.min(bytes.length, (bytes[2]! << 8) | bytes[3]!, 256);
  const brands = [latin(bytes, 8, 4)];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(latin(bytes, at, 4));
  return brands;
}

/**
 * Tells from the first bytes of a file whether it is a picture of a format that is decoded. Names of files say nothing: what a decoder makes of a file is decided
 * by its content, and some formats (SVG) read other files.
 *
 * @param bytes the start of the file, or all of it
 */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  if (begins(bytes, '\xff\xd8\xff')) return 'jpeg';
  if (begins(bytes, '\x89PNG\r\n\x1a\n')) return 'png';
  if (begins(bytes, 'GIF87a') || begins(bytes, 'GIF89a')) return 'gif';
  if (begins(bytes, 'RIFF') && begins(bytes, 'WEBP', 8)) return 'webp';
  if (begins(bytes, 'BM') && begins(bytes, '\0\0\0\0', 6) && bytes.length >= 54) return 'bmp';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((signature) => begins(bytes, signature))) return 'tiff';
  return brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis') ? 'avif' : undefined;
}

const SIGNATURES: readonly (readonly [signature: string, name: string])[] = [
  ['%PDF', 'a PDF document'],
  ['8BPS', 'a Photoshop document'],
  ['\xff\x0a', 'a JPEG XL picture'],
  ['\0\0\0\x0cJXL ', 'a JPEG XL picture'],
  ['\0\0\0\x0cjP  ', 'a JPEG 2000 picture'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 picture'],
  ['%!PS', 'a PostScript document'],
  ['\0\0\x01\0', 'an icon'],
  ['\x76\x2f\x31\x01', 'an OpenEXR picture'],
  ['#?RADIANCE', 'a Radiance picture'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['version https://git-lfs', 'a pointer of Git LFS instead of the file'],
  ['\x1a\x45\xdf\xa3', 'a video'],
];
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** What a file is that {@link pictureKind} does not know, as far as its first bytes tell, for messages. */
export function describeContent(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const text = latin(bytes, 0, SIGNATURE_BYTES);
  if (/<svg[\s>]/i.test(text)) return 'an SVG drawing';
  if (/^[\s\xef\xbb\xbf]*<(!doctype html|html|head|body)/i.test(text)) return 'a web page';
  if (/^[\s\xef\xbb\xbf]*</.test(text)) return 'XML, perhaps an SVG drawing';
  const brands = brandsOf(bytes);
  if (brands.some((brand) => HEIC.includes(brand))) return 'an HEIC picture';
  if (brands.length > 0) return 'a video';
  const known = SIGNATURES.find(([signature]) => begins(bytes, signature));
  if (known) return known[1];
  if (begins(bytes, 'BM') && begins(bytes, '\0\0\0\0', 6)) return 'the beginning of a BMP picture';
  if (/^P[1-7]\s/.test(text)) return 'a PPM picture';
  return /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(text) ? 'text' : 'of a format that is not known';
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.ts';

const width = 6;
const height = 4;
/** Left half red, right half blue; the top row is white. */
const picture = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
  const x = Math.floor(i / 3) % width;
  const y = Math.floor(i / 3 / width);
  return y === 0 ? 255 : (x < width / 2 ? [255, 0, 0] : [0, 0, 255])[i % 3]!;
});
const source = () => sharp(picture, { raw: { width, height, channels: 3 } });
const closeTo = (actual: Uint8Array, expected: ArrayLike<number>, tolerance: number) => {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  expect(worst).toBeLessThanOrEqual(tolerance);
};

describe('decodeImage', () => {
  it.each(['png', 'webp', 'tiff', 'gif', 'avif'] as const)('decodes %s without loss', async (format) => {
    const pipeline = source();
    const bytes =
      format === 'webp' || format === 'avif'
        ? pipeline[format]({ lossless: true })
        : format === 'tiff'
          ? pipeline.tiff({ compression: 'lzw' })
          : pipeline[format]();
    const decoded = await decodeImage(await bytes.toBuffer());
    expect(decoded).toMatchObject({ width, height });
    closeTo(decoded.pixels, picture, format === 'avif' ? 4 : 0);
  });

  it('makes RGB of gray, gray with alpha, palette and 16 bit', async () => {
    const gray = Uint8Array.from({ length: 24 }, (_, i) => i * 10);
    const threefold = [...gray].flatMap((value) => [value, value, value]);
    const grayPng = await sharp(gray, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(grayPng).metadata()).channels).toBe(1);
    closeTo((await decodeImage(grayPng)).pixels, threefold, 0);
    const palette = await source().png({ palette: true }).toBuffer();
    expect((await sharp(palette).metadata()).isPalette).toBe(true);
    closeTo((await decodeImage(palette)).pixels, picture, 1);
    const deep = Uint16Array.from(picture, (value) => value * 257);
    const deepPng = await sharp(deep, { raw: { width, height, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(deepPng).metadata()).depth).toBe('ushort');
    closeTo((await decodeImage(deepPng)).pixels, picture, 1);
    const deepGray = Uint16Array.from(gray, (value) => value * 257);
    const deepGrayPng = await sharp(deepGray, { raw: { width, height, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect(await sharp(deepGrayPng).metadata()).toMatchObject({ depth: 'ushort', channels: 1 });
    closeTo((await decodeImage(deepGrayPng)).pixels, threefold, 1);
  });

  it('says of each of several broken pictures what ails it, though they fail at once', async () => {
    const whole = await sharp(
      Uint8Array.from({ length: 9e4 }, (_, i) => (i * 7919) % 251),
      { raw: { width: 200, height: 150, channels: 3 } },
    )
      .jpeg()
      .toBuffer();
    const broken = whole.subarray(0, whole.length / 2);
    const outcomes = await Promise.allSettled(Array.from({ length: 24 }, () => decodeImage(broken, { imageSize: 32 })));
    const reasons = new Set(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).message : 'decoded')));
    expect([...reasons]).toEqual(['decodeImage: the picture cannot be decoded: VipsJpeg: premature end of JPEG image']);
  });

  it('makes RGB of CMYK', async () => {
    const bytes = await source().resize(60, 40, { kernel: 'nearest' }).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const { pixels, width: w } = await decodeImage(bytes);
    const at = (x: number, y: number) => [...pixels.subarray((y * w + x) * 3, (y * w + x) * 3 + 3)] as [number, number, number];
    expect(pixels.length).toBe(60 * 40 * 3);
    expect(Math.min(...at(30, 3))).toBeGreaterThan(240); // white stays white
    const [r, g, b] = at(10, 25); // red: as far as inks go
    expect(r).toBeGreaterThan(180);
    expect(Math.max(g, b)).toBeLessThan(90);
  });

  it('puts transparent pictures on white', async () => {
    const rgba = Uint8Array.from({ length: 24 * 4 }, (_, i) => [200, 100, 0, Math.floor(i / 4) % 2 ? 255 : 0][i % 4]!);
    for (const depth of [8, 16]) {
      const source = depth === 8 ? rgba : Uint16Array.from(rgba, (value) => value * 257);
      const pipeline = sharp(source, { raw: { width, height, channels: 4 } });
      const png = await (depth === 8 ? pipeline : pipeline.toColourspace('rgb16')).png().toBuffer();
      expect((await sharp(png).metadata()).hasAlpha).toBe(true);
      const { pixels } = await decodeImage(png);
      expect([...pixels.subarray(0, 6)], `${depth} bit`).toEqual([255, 255, 255, 200, 100, 0]);
    }
  });

  it('turns every EXIF orientation upright', async () => {
    // for each orientation, what a camera stores: its picture is [row, column] of the upright one
    const stored = (orientation: number) => {
      const swap = orientation > 4;
      const [w, h] = swap ? [height, width] : [width, height];
      const out = new Uint8Array(w * h * 3);
      for (let row = 0; row < h; row++)
        for (let column = 0; column < w; column++) {
          // EXIF 2.3: where row 0 and column 0 of the stored picture lie in the upright one
          const [a, b] = swap ? [column, row] : [row, column];
          const down = [3, 4, 7, 8].includes(orientation); // the upright row runs against a
          const back = [2, 3, 6, 7].includes(orientation); // the upright column runs against b
          const y = down ? height - 1 - a : a;
          const x = back ? width - 1 - b : b;
          out.set(picture.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), (row * w + column) * 3);
        }
      return sharp(out, { raw: { width: w, height: h, channels: 3 } });
    };
    for (let orientation = 1; orientation <= 8; orientation++) {
      const bytes = await stored(orientation).withMetadata({ orientation }).png().toBuffer();
      const upright = await decodeImage(bytes);
      expect(upright, `orientation ${orientation}`).toMatchObject({ width, height });
      closeTo(upright.pixels, picture, 0);
      const asStored = await decodeImage(bytes, { orient: false });
      expect(asStored.width).toBe(orientation > 4 ? height : width);
    }
  });

  it('resizes to cover a square and crops about the center', async () => {
    const wide = Uint8Array.from({ length: 90 * 30 * 3 }, (_, i) =>
      Math.floor(i / 3) % 90 < 30 ? 0 : Math.floor(i / 3) % 90 < 60 ? 128 : 255,
    );
    const png = await sharp(wide, { raw: { width: 90, height: 30, channels: 3 } })
      .png()
      .toBuffer();
    const { pixels, width: w, height: h } = await decodeImage(png, { imageSize: 10 });
    expect([w, h]).toEqual([10, 10]);
    // only the middle third is left, but for the filter's reach at the two edges
    for (let x = 1; x < 9; x++) expect(Math.abs(pixels[(5 * 10 + x) * 3]! - 128)).toBeLessThan(12);
    expect((await decodeImage(await source().png().toBuffer(), { imageSize: 20 })).pixels.length).toBe(1200); // small ones grow
    await expect(decodeImage(png, { imageSize: 0 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
  });

  const noise = Uint8Array.from({ length: 128 * 96 * 3 }, (_, i) => (i * i * 31 + (i >> 7) * 13) % 256);
  const noisy = () => sharp(noise, { raw: { width: 128, height: 96, channels: 3 } });

  it.each<[string, (picture: Sharp) => Sharp]>([
    ['JPEG', (from) => from.jpeg()],
    ['progressive JPEG', (from) => from.jpeg({ progressive: true })],
    ['PNG', (from) => from.png()],
    ['interlaced PNG', (from) => from.png({ progressive: true })],
    ['WebP', (from) => from.webp()],
    ['WebP without loss', (from) => from.webp({ lossless: true })],
    ['GIF', (from) => from.gif()],
    ['AVIF', (from) => from.avif({ effort: 0 })],
    ['TIFF with JPEG', (from) => from.tiff({ compression: 'jpeg' })],
    ['BigTIFF with JPEG', (from) => from.tiff({ compression: 'jpeg', bigtiff: true })],
    ['TIFF with JPEG tiles', (from) => from.tiff({ compression: 'jpeg', tile: true, tileWidth: 64, tileHeight: 64 })],
    ['TIFF with LZW', (from) => from.tiff({ compression: 'lzw' })],
    ['TIFF with Deflate', (from) => from.tiff({ compression: 'deflate' })],
    ['TIFF without compression', (from) => from.tiff({ compression: 'none' })],
  ])('refuses %s that is cut short, wherever', async (_, encode) => {
    const bytes = await encode(noisy()).toBuffer();
    const whole = await decodeImage(bytes);
    expect(whole).toMatchObject({ width: 128, height: 96 });
    for (let percent = 2; percent < 100; percent += 3) {
      const cut = decodeImage(bytes.subarray(0, Math.floor((bytes.length * percent) / 100)));
      await expect(cut, `cut at ${percent} %`).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    }
    for (const missing of [1, 2, 5, 12]) {
      const decoded = await decodeImage(bytes.subarray(0, bytes.length - missing)).catch(() => whole); // what ends a file may be missing
      expect(Buffer.compare(decoded.pixels, whole.pixels), `${missing} bytes missing`).toBe(0);
    }
  });

  it('decodes what is in the file now', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfsup-decode-'));
    for (const format of ['webp', 'png', 'jpeg', 'tiff', 'gif', 'avif'] as const) {
      const path = join(folder, `photo.${format}`);
      for (const shade of [40, 200]) {
        const background = { r: shade, g: shade, b: shade };
        await sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .toFormat(format)
          .toFile(path);
        expect(Math.abs((await decodeImage(path)).pixels[0]! - shade), `${format} ${shade}`).toBeLessThan(6);
      }
    }
    await rm(folder, { recursive: true });
  });

  it('goes by the content, and never draws other files into a picture', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfsup-decode-'));
    await writeFile(join(folder, '.env'), 'SECRET=1');
    await writeFile(join(folder, 'white.png'), await source().png().toBuffer());
    const named = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return decodeImage(join(folder, name));
    };
    const svg = (inside: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xi="http://www.w3.org/2001/XInclude" width="9" height="9">${inside}</svg>`;
    for (const drawing of [
      svg('<text><xi:include href=".env" parse="text"/></text>'),
      svg('<image href="white.png" width="9" height="9"/>'),
      `<?xml version="1.0"?>\n<!-- ${'x'.repeat(2000)} -->${svg('')}`,
      `\ufeff  ${svg('')}`,
      gzipSync(svg('')),
      Buffer.from(`\ufeff${svg('')}`, 'utf16le'),
    ])
      for (const name of ['p.jpg', 'p.png', 'p.svg'])
        await expect(named(name, drawing)).rejects.toThrow(/cannot be decoded: it is .*, not JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP$/);
    await expect(named('p.jpg', svg(''))).rejects.toThrow('it is an SVG drawing, not JPEG');
    for (const [content, kind] of [
      ['%PDF-1.7', 'a PDF document'],
      [Buffer.from('BM\x36\0\0\0\0\0\0\0\x36\0\0\0', 'latin1'), 'the beginning of a BMP picture'],
      [Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 'an HEIC picture'],
      [Buffer.from('\0\0\0\x18ftypisom\0\0\0\0mp42avc1', 'latin1'), 'a video'],
      ['version https://git-lfs.github.com/spec/v1', 'a pointer of Git LFS instead of the file'],
      ['<!DOCTYPE html><html>', 'a web page'],
      ['BMW', 'text'],
      ['', 'an empty file'],
      [Uint8Array.of(1, 2, 3), 'of a format that is not known'],
    ] as const)
      await expect(named('p.jpg', content)).rejects.toThrow(`it is ${kind}, not JPEG`);
    expect((await named('p.jpg', await source().webp({ lossless: true }).toBuffer())).pixels).toEqual(picture); // the wrong name does not matter
    await rm(folder, { recursive: true });
  });

  it('looks at the size before the pixels', async () => {
    const png = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    await expect(decodeImage(png, { maxPixels: 5_999_999 })).rejects.toThrow('it has 3000 x 2000 pixels, and `maxPixels` is 5999999');
    expect((await decodeImage(png, { maxPixels: 6_000_000, imageSize: 4 })).pixels.length).toBe(48);
    const bomb = Buffer.from(png); // a header that promises more
    bomb.writeUInt32BE(0x7fff_ffff, 16);
    await expect(decodeImage(bomb)).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    bomb.writeUInt32BE(0x10001, 16); // few pixels, in rows that cost gigabytes
    bomb.writeUInt32BE(20, 20);
    await expect(decodeImage(bomb)).rejects.toThrow('it has 65537 x 20 pixels, and a side may have 65536');
    const folder = await mkdtemp(join(tmpdir(), 'selfsup-decode-'));
    await writeFile(join(folder, 'a.png'), png);
    await expect(decodeImage(join(folder, 'a.png'), { maxFileBytes: 100 })).rejects.toThrow(
      `it has ${png.length} bytes, and \`maxFileBytes\` is 100`,
    );
    await expect(decodeImage(folder)).rejects.toThrow('it is a folder');
    await expect(decodeImage(png, { maxPixels: 0 })).rejects.toThrow('decodeImage: `maxPixels` must be an integer >= 1, got 0');
    await rm(folder, { recursive: true });
  });

  it('refuses what is no picture, in one line', async () => {
    await expect(decodeImage(Buffer.from('this is text'))).rejects.toThrow(
      /^decodeImage: the picture cannot be decoded: it is text, not JPEG[^\n]+$/,
    );
    await expect(decodeImage('no\nwhere\u001b.jpg')).rejects.toThrow(
      String.raw`decodeImage: no\nwhere\u{1b}.jpg cannot be decoded: there is nothing at that path`,
    );
  });
});

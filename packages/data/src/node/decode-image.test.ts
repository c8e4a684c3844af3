import sharp from 'sharp';
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

  it('refuses a picture that is cut short', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 256);
    const large = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
    for (const format of ['jpeg', 'png', 'webp'] as const)
      for (const progressive of format === 'jpeg' ? [false, true] : [false]) {
        const bytes = await (format === 'jpeg' ? large.clone().jpeg({ progressive }) : large.clone()[format]()).toBuffer();
        await decodeImage(bytes, { imageSize: 16 });
        for (const part of [0.3, 0.6, 0.9])
          await expect(
            decodeImage(bytes.subarray(0, Math.floor(bytes.length * part)), { imageSize: 16 }),
            `${format} ${progressive ? 'progressive ' : ''}cut at ${part}`,
          ).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
      }
  });

  it('refuses what is no picture, in one line', async () => {
    await expect(decodeImage(Buffer.from('this is text'))).rejects.toThrow(/^decodeImage: the picture cannot be decoded: [^\n]+$/);
    await expect(decodeImage('nowhere.jpg')).rejects.toThrow(/^decodeImage: nowhere.jpg cannot be decoded: [^\n]+$/);
  });
});

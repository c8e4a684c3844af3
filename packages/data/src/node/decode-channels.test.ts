import sharp from 'sharp';
import { expect, it } from 'vitest';
import { writeTiff } from '../../fixtures/write-tiff.ts';
import fixture from '../../fixtures/bmp.json';
import { decodeImage } from './decode-image.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

it.each(Object.entries(fixture))('decodes a BMP picture of %s as Pillow does', async (_, { bmp, rgb }) => {
  const { pixels, height, width } = await decodeImage(bytes(bmp));
  expect([height, width, [...pixels].every((value, i) => Math.abs(value - rgb[i]!) <= 1)]).toEqual([3, 5, true]);
});

it('refuses BMP pictures that are cut short, compressed, or of other depths', async () => {
  const whole = bytes(fixture['24 bits'].bmp);
  await expect(decodeImage(whole.subarray(0, whole.length - 1))).rejects.toThrow(
    /it is cut short: its pixels end at byte 102, and it has 101/,
  );
  const changed = (at: number, value: number) => Uint8Array.from(whole, (byte, i) => (i === at ? value : byte));
  await expect(decodeImage(changed(30, 1))).rejects.toThrow('it is a compressed BMP picture, which is not decoded; convert it to PNG');
  await expect(decodeImage(changed(28, 7))).rejects.toThrow('it is a BMP picture of 7 bits');
  await expect(decodeImage(changed(14, 12))).rejects.toThrow('it is a BMP picture of OS/2');
  await expect(decodeImage(changed(21, 0x40))).rejects.toThrow(/pixels, and a side may have 65536/);
});

it('resizes to a height and a width', async () => {
  const { pixels, height, width } = await decodeImage(bytes(fixture['24 bits'].bmp), { imageSize: [2, 4] });
  expect([height, width, pixels.length]).toEqual([2, 4, 24]);
  await expect(decodeImage(bytes(fixture['24 bits'].bmp), { imageSize: [2, 0] })).rejects.toThrow(
    'decodeImage: `imageSize` must be an integer >= 1, or [height, width] of such, got [2, 0]',
  );
});

it('gives gray, RGB with alpha, or the channels that there are', async () => {
  const raw = (channels: 1 | 2 | 3 | 4, values: number[]) => sharp(Uint8Array.from(values), { raw: { width: 1, height: 1, channels } });
  const rgba = await raw(4, [200, 100, 0, 128]).png().toBuffer();
  const read = async (picture: Uint8Array, channels: number) => [...(await decodeImage(picture, { channels })).pixels];
  expect(await read(rgba, 4)).toEqual([200, 100, 0, 128]);
  expect(await read(rgba, 3)).toEqual([227, 177, 127]); // half of it, half of white
  expect(await read(await raw(3, [200, 100, 0]).png().toBuffer(), 4)).toEqual([200, 100, 0, 255]);
  const gray = await raw(1, [77]).toColourspace('b-w').png().toBuffer();
  expect([await read(gray, 1), await read(gray, 3), await read(gray, 4)]).toEqual([[77], [77, 77, 77], [77, 77, 77, 255]]);
  const bands = (count: number, bits: 8 | 16) => Array.from({ length: 2 * count }, (_, i) => (11 * i + 5) * (bits === 8 ? 1 : 257));
  for (const count of [2, 4, 5, 6])
    for (const bits of [8, 16] as const)
      expect(await read(writeTiff(bands(count, bits), { channels: count, bits }), count)).toEqual(bands(count, 8));
  await expect(read(writeTiff(bands(6, 8), { channels: 6, bits: 8 }), 5)).rejects.toThrow('it has 6 channels, and `channels` is 5');
  const wide = writeTiff(Array.from({ length: 48 }, (_, i) => 40 * (i % 6)), { channels: 6, bits: 8 }); // prettier-ignore
  expect([...(await decodeImage(wide, { channels: 6, imageSize: [1, 2] })).pixels]).toEqual([
    0, 40, 80, 120, 160, 200, 0, 40, 80, 120, 160, 200,
  ]);
});

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { captionedShapes } from './captioned-shapes.ts';

it('says of each image which shape of which color is on which ground', () => {
  const { captions, labels, classNames, length } = captionedShapes({ count: 400, seed: 0 });
  expect(captions).toHaveLength(length);
  captions.forEach((caption, i) => {
    expect(caption).toContain(classNames![labels![i]!]!);
    expect(caption).toMatch(/\b(red|orange|yellow|green|blue|purple|white|black)\b/);
    expect(caption).toMatch(/\b(plain|shaded|striped|checkered) ground\b/);
    expect(caption).not.toMatch(/\ba (orange|\w+ bars)\b/);
  });
  expect(new Set(captions).size).toBeGreaterThan(300);
});

it('is the same to the bit on every machine, and each split has images of its own', async () => {
  const dataset = captionedShapes({ count: 20, seed: 0 });
  const { captions } = dataset;
  const { pixels } = await dataset.read([3, 0, 3]);
  expect(pixels.subarray(0, 3072)).toEqual(pixels.subarray(6144));
  expect(captionedShapes({ count: 1000, seed: 0 }).captions.slice(0, 20)).toEqual(captions);
  expect(captionedShapes({ count: 20, seed: 0, split: 'test' }).captions).not.toEqual(captions);
  const hash = createHash('sha256').update((await dataset.read(captions.map((_, i) => i))).pixels);
  expect(hash.digest('hex')).toBe('1ac4886a551cc6571c89c70219fc413c75f50fb420720ec0fbc32a8ce6e1ae4e');
});

it('shows the color that the caption names', async () => {
  const dataset = captionedShapes({ count: 200, seed: 1 });
  for (const [i, caption] of dataset.captions.entries()) {
    if (!caption.includes('red square')) continue;
    const { pixels } = await dataset.read([i]);
    const isRed = (at: number) => pixels[at]! > 190 && pixels[at + 1]! < 80 && pixels[at + 2]! < 80;
    expect(Array.from({ length: 1024 }, (_, p) => isRed(3 * p)).filter(Boolean).length, caption).toBeGreaterThan(60);
  }
});

it('says what does not fit', () => {
  expect(() => captionedShapes({ count: 0, seed: 0 })).toThrow('captionedShapes: `count` must be an integer >= 1, got 0');
  expect(() => captionedShapes({ count: 1, seed: 0, size: 4 })).toThrow('captionedShapes: `size` must be an integer from 8 to 1024, got 4');
});

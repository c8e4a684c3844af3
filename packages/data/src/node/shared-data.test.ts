import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { channelStatistics } from '../channel-statistics.ts';
import { takeFirst } from '../subset.ts';
import { decodeImage, type DecodedImage } from './decode-image.ts';
import { imageFolder } from './image-folder.ts';
import { openImages } from './open-images.ts';

// Real files, kept outside the repository: SELFSUP_DATA, or shared/data beside the checkout.
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const root = process.env.SELFSUP_DATA ?? resolve(repository, '../shared/data');
const missing = (folder: string) => {
  const absent = !existsSync(join(root, folder));
  if (absent) console.warn(`skipped: there is no ${join(root, folder)}; set SELFSUP_DATA to the folder of the real data`);
  return absent;
};
const at = (path: string) => join(root, path);

function differences(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  expect(a.length).toBe(b.length);
  let sum = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    sum += difference;
    most = Math.max(most, difference);
  }
  return { mean: sum / a.length, most };
}

async function readPpm(path: string): Promise<DecodedImage> {
  const bytes = await readFile(path);
  const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 50))!;
  return { pixels: new Uint8Array(bytes.subarray(header.length)), width: Number(width), height: Number(height) };
}

describe.skipIf(missing('image-edge-cases'))('difficult pictures', () => {
  it('turns the eight EXIF orientations into one upright picture', async () => {
    const file = (n: number) => at(`image-edge-cases/exif-orientation/Landscape_${n}.jpg`);
    const upright = await decodeImage(file(1), { imageSize: 64 });
    for (let n = 2; n <= 8; n++) {
      const { mean } = differences((await decodeImage(file(n), { imageSize: 64 })).pixels, upright.pixels);
      expect(mean, `orientation ${n}`).toBeLessThan(4); // each file is a JPEG of its own, with its number painted in
      const asStored = await decodeImage(file(n), { imageSize: 64, orient: false });
      expect(differences(asStored.pixels, upright.pixels).mean, `orientation ${n} as stored`).toBeGreaterThan(10);
    }
  });

  it('decodes as the reference does', async () => {
    const index = JSON.parse(await readFile(at('image-edge-cases/reference-decode/index.json'), 'utf8')) as {
      files: { source: string; ppm: string }[];
    };
    expect(index.files.length).toBeGreaterThan(8);
    for (const { source, ppm } of index.files) {
      const expected = await readPpm(at(ppm));
      const decoded = await decodeImage(at(source), { orient: false });
      expect([decoded.width, decoded.height], source).toEqual([expected.width, expected.height]);
      const { mean, most } = differences(decoded.pixels, expected.pixels);
      expect(mean, source).toBeLessThan(0.5);
      expect(most, source).toBeLessThanOrEqual(4);
    }
  });

  it('decodes every other picture to something of the right size', async () => {
    const pictures = await imageFolder(at('image-edge-cases/image-rs'), { imageSize: 16 });
    expect(pictures.skipped).toEqual([]);
    expect(pictures.length).toBe(23);
    expect((await pictures.read([...pictures.paths.keys()])).shape).toEqual([23, 16, 16, 3]);
  });

  it('makes RGB of CMYK', async () => {
    const cmyk = await decodeImage(at('image-edge-cases/made/cmyk.jpg'));
    const rgb = await decodeImage(at('image-edge-cases/made/rgb_444.jpg'));
    expect(differences(cmyk.pixels, rgb.pixels).mean).toBeLessThan(25); // the same picture, through inks
  });
});

describe.skipIf(missing('fashion-mnist'))('Fashion-MNIST', () => {
  it('has the published sizes, labels and statistics', async () => {
    const { train, test } = await openImages(at('fashion-mnist'), { limit: 10_000 });
    expect(train).toMatchObject({ name: 'fashion-mnist', length: 10_000, height: 28, width: 28, channels: 1 });
    expect(test).toMatchObject({ length: 2000 });
    expect([...train.labels!.subarray(0, 8)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2]);
    expect([...test!.labels!.subarray(0, 8)]).toEqual([9, 2, 1, 1, 6, 1, 4, 6]);
    const whole = await openImages(at('fashion-mnist/train-images-idx3-ubyte.gz'));
    expect(whole.train.length).toBe(60_000);
    const { mean, std } = await channelStatistics(whole.train, { sample: 60_000 });
    expect(mean[0]).toBeCloseTo(0.286, 3);
    expect(std[0]).toBeCloseTo(0.353, 3);
  });
});

describe.skipIf(missing('cifar-10'))('CIFAR-10', () => {
  it('takes the larger training file, with the published statistics', async () => {
    const { train, test } = await openImages(at('cifar-10'));
    expect(train).toMatchObject({ length: 10_000, height: 32, channels: 3 });
    expect(test).toMatchObject({ length: 1000 });
    expect([...train.labels!.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    const { mean, std } = await channelStatistics(train);
    for (const [channel, [m, s]] of [
      [0.4914, 0.247],
      [0.4822, 0.2435],
      [0.4465, 0.2616],
    ].entries()) {
      expect(Math.abs(mean[channel]! - m!)).toBeLessThan(0.01);
      expect(Math.abs(std[channel]! - s!)).toBeLessThan(0.01);
    }
  });
});

describe.skipIf(missing('clothing/train'))('photos of clothing', () => {
  it('opens the folder with ten classes and holds out a fifth of each', async () => {
    const { train, test, skipped } = await openImages(at('clothing/train'), { imageSize: 16, limit: 40, testLimit: 20, seed: 0 });
    expect(skipped).toEqual([]);
    expect(train.classNames).toEqual(['dress', 'hat', 'longsleeve', 'outwear', 'pants', 'shirt', 'shoes', 'shorts', 'skirt', 't-shirt']);
    expect([...train.labels!]).toEqual(Array.from({ length: 40 }, (_, i) => i >> 2));
    expect([...test!.labels!]).toEqual(Array.from({ length: 20 }, (_, i) => i >> 1));
    expect((await takeFirst(train, 3).read([0, 1, 2])).shape).toEqual([3, 16, 16, 3]);
  });
});

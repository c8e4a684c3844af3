import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawGrid } from '@selfsup/data/node';
import type { Picture } from '@selfsup/pretrain';
import { afterAll, describe, expect, it } from 'vitest';
import { selfsup, succeed } from '../../fixtures/run-command.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-augment-'));
const at = (name: string) => join(root, name);

afterAll(() => {
  rmSync(root, { recursive: true });
});

const flags = ['augment', '--data', 'shapes', '--backend', 'cpu', '--image-size', '16'];

/** Pixel (x, y) of a PNG. */
async function pixelsOf(png: Buffer | string): Promise<{ width: number; height: number; at: (x: number, y: number) => number[] }> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { ...info, at: (x, y) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)] };
}

describe('drawGrid', () => {
  it('draws each picture in the middle of its place, enlarged without smoothing', async () => {
    const one = (color: number[], side: number): Picture => ({
      pixels: Uint8Array.from(
        Array<number[]>(side * side)
          .fill(color)
          .flat(),
      ),
      height: side,
      width: side,
      channels: color.length,
    });
    const png = await pixelsOf(
      await drawGrid(
        [
          [one([255, 0, 0], 4), one([0, 0, 255], 2)],
          [one([7], 4), one([0, 255, 0], 40)],
        ],
        { tile: 8, scale: 2 },
      ),
    );
    expect([png.width, png.height]).toEqual([28, 28]); // two places of 8, three gaps of 4
    expect([png.at(4, 4), png.at(11, 11), png.at(3, 3), png.at(12, 12)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
      [255, 255, 255],
      [255, 255, 255],
    ]);
    expect([png.at(17, 6), png.at(18, 6), png.at(21, 9), png.at(22, 9)]).toEqual([
      [255, 255, 255],
      [0, 0, 255],
      [0, 0, 255],
      [255, 255, 255],
    ]);
    expect([png.at(8, 20), png.at(16, 16), png.at(23, 23)]).toEqual([
      [7, 7, 7],
      [0, 255, 0],
      [0, 255, 0],
    ]);
  });
});

describe('selfsup augment', () => {
  it('draws images and their views side by side', async () => {
    const out = at('new/byol.png');
    const { result } = await succeed(...flags, '--recipe', 'byol', '--images', '3', '--out', out);
    expect(result).toMatchObject({ command: 'augment', recipe: 'byol', variant: 'cifar', images: 3, views: 2, size: 16, out });
    const png = await pixelsOf(out);
    expect([png.width, png.height]).toEqual([3 * 68 + 4, 3 * 68 + 4]);
    const place = (column: number) => Array.from({ length: 64 }, (_, i) => png.at(4 + 68 * column + i, 36).join());
    expect(new Set(place(0)).size).toBeGreaterThan(1);
    expect(place(1)).not.toEqual(place(0));
    expect(place(2)).not.toEqual(place(1));
  });

  it('draws the same for the same seed, other views of the same images for another', async () => {
    const drawn = async (seed: string) => {
      await succeed(...flags, '--recipe', 'mae', '--images', '2', '--seed', seed, '--out', at('mae.png'));
      return readFileSync(at('mae.png'));
    };
    const first = await drawn('1');
    expect(await drawn('1')).toEqual(first);
    expect(await drawn('2')).not.toEqual(first);
  });

  it('draws single operations', async () => {
    const out = at('operations.png');
    const { stdout } = await selfsup(...flags, '--operations', 'invert,verticalFlip', '--images', '2', '--out', out);
    expect(stdout).toBe(`${out}: in each row an image and what invert, verticalFlip make of it, 2 × 3 pictures\n`);
    const png = await pixelsOf(out);
    const [original, negative, flipped] = [0, 1, 2].map((column) => png.at(4 + 68 * column + 20, 4 + 6)) as [number[], number[], number[]];
    expect(negative).toEqual(original.map((value) => 255 - value));
    expect(flipped).toEqual(png.at(4 + 20, 4 + 63 - 6));
  });

  it('draws small views smaller', async () => {
    const out = at('dino.png');
    const { stdout } = await selfsup(...flags, '--recipe', 'dino', '--variant', 'lightly', '--images', '1', '--out', out);
    expect(stdout).toBe(`${out}: in each row an image and its views by dino (lightly), 1 × 9 pictures\n`);
    const png = await pixelsOf(out);
    expect(png.width).toBe(9 * 68 + 4);
    // a local view of 7 of 16 pixels takes 28 of 64, from 18 on
    for (const x of [17, 46]) expect(png.at(4 + 3 * 68 + x, 36)).toEqual([255, 255, 255]);
  });

  it.each([
    [['--recipe', 'nope', '--out', 'a.png'], /unknown recipe 'nope'; known: simclr, moco-v1/],
    [['--recipe', 'byol', '--variant', 'nope', '--out', 'a.png'], /--variant of byol must be one of imagenet, cifar/],
    [['--recipe', 'byol', '--out', 'a.jpg'], /--out must be a \.png file, got a\.jpg/],
    [['--recipe', 'byol', '--images', '0', '--out', 'a.png'], /--images must be an integer from 1 to 64, got 0/],
    [['--out', 'a.png'], /give one of --recipe and --operations/],
    [['--operations', 'rotation,blurr', '--out', 'a.png'], /unknown operation 'blurr'; did you mean blur\?/],
  ])('says what is wrong: %j', async (argv, message) => {
    const { code, stderr } = await selfsup(...flags, ...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

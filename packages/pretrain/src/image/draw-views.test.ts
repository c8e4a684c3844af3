import { RECIPE_STEPS } from '@selfsup/augment';
import { shapes } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawViews } from './draw-views.ts';

const images = shapes({ count: 8, seed: 0, size: 16 });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('drawViews', () => {
  it('gives each image and its views', async () => {
    const { rows, variant, size } = await drawViews(images, { recipe: 'byol', images: 3 });
    expect([rows.length, rows.map((row) => row.length), variant, size]).toEqual([3, [3, 3, 3], 'cifar', 16]);
    const [original, first, second] = rows[1]!;
    expect(original!.pixels).toEqual((await images.read([1])).pixels);
    expect(first!.pixels).not.toEqual(original!.pixels);
    expect(second!.pixels).not.toEqual(first!.pixels);
    expect(first).toMatchObject({ height: 16, width: 16, channels: 3 });
  });

  it('gives the same for the same seed, other views of the same images for another', async () => {
    const drawn = (seed: number) => drawViews(images, { recipe: 'mae', images: 2, seed });
    expect(await drawn(1)).toEqual(await drawn(1));
    const [one, two] = [await drawn(1), await drawn(2)];
    expect(two.rows[0]![0]).toEqual(one.rows[0]![0]);
    expect(two.rows[0]![1]).not.toEqual(one.rows[0]![1]);
  });

  it('gives each operation by itself', async () => {
    const operations = [...RECIPE_STEPS];
    const { rows, variant } = await drawViews(images, { operations, images: 2 });
    expect([rows.map(({ length }) => length), variant]).toEqual([[operations.length + 1, operations.length + 1], undefined]);
    const original = rows[1]![0]!.pixels.join();
    // a small flat image can stay as it is when its levels are spread or its contrast stretched
    const unchanged = operations.filter((_, i) => rows[1]![i + 1]!.pixels.join() === original);
    expect(unchanged.filter((step) => !['autocontrast', 'equalize', 'solarize', 'randAugment'].includes(step))).toEqual([]);
  });

  it('gives small views smaller', async () => {
    const { rows } = await drawViews(images, { recipe: 'dino', variant: 'lightly', images: 1 });
    expect(rows[0]!.map(({ width }) => width)).toEqual([16, 16, 16, 7, 7, 7, 7, 7, 7]);
  });

  it.each([
    [{ recipe: 'buol' }, "unknown recipe 'buol'; did you mean byol?"],
    [{ recipe: 'byol', variant: 'nope' }, '`variant` of byol must be one of imagenet, cifar'],
    [{ operations: ['rotatoin'] }, "unknown operation 'rotatoin'; did you mean rotation?"],
    [{}, 'drawViews: one of `recipe` and `operations` must be given'],
    [{ recipe: 'byol', images: 0 }, 'drawViews: `images` must be an integer from 1 to 64, got 0'],
  ])('says what is wrong: %j', async (options, message) => {
    await expect(drawViews(images, options)).rejects.toThrow(message);
  });
});

import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { autocontrast } from './autocontrast.ts';
import { cutmix } from './cutmix.ts';
import { drawBeta } from './draw-beta.ts';
import { equalize } from './equalize.ts';
import { erase } from './erase.ts';
import { mixup } from './mixup.ts';
import { perspective } from './perspective.ts';
import { randAugment } from './rand-augment.ts';
import { recipeTrackedViews, recipeViews } from './recipe-views.ts';
import { RECIPE_STEPS, type Recipe, type ViewRecipe } from './recipe.ts';

const rng = createRng(2).fold('mixing');
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('drawBeta', () => {
  it.each([0.2, 0.4, 1, 3])('has the mean 1/2 and the variance 1 / (4 (2α + 1)), α %d', (alpha) => {
    const drawn = drawBeta(rng, 20000, alpha);
    expect(drawn.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(Math.abs(mean(drawn) - 0.5)).toBeLessThan(0.015);
    expect(mean(drawn.map((value) => (value - 0.5) ** 2)) * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
    expect(drawBeta(rng, 7, alpha)).toEqual(drawn.slice(0, 7));
  });
});

describe('mixup and cutmix', () => {
  // each image is of one value, its place in the batch
  const batch = () => tf.mul<tf.Tensor4D>(tf.reshape(tf.range(0, 6), [6, 1, 1, 1]), tf.ones([1, 10, 7, 2]));

  it('mixes pixels as it says that targets are to be mixed', () => {
    for (const mix of [mixup({ alpha: 0.5 }), cutmix({ probability: 0.7 })])
      tf.tidy(() => {
        const { images, partners, weights } = mix(batch(), rng);
        const [others, shares] = [partners.arraySync(), weights.arraySync()];
        expect([...others].sort()).toEqual([0, 1, 2, 3, 4, 5]);
        const means = tf.mean(images, [1, 2, 3]).arraySync() as number[];
        means.forEach((value, i) => {
          expect(value).toBeCloseTo(shares[i]! * i + (1 - shares[i]!) * others[i]!, 5);
        });
        expect(new Set(shares).size).toBeGreaterThan(3);
      });
  });

  it('cuts one box, and leaves an image alone that is not chosen', () => {
    tf.tidy(() => {
      const { images, partners } = cutmix()(batch(), rng);
      const values = tf.unstack(images).map((image) => new Set(image.dataSync()));
      values.forEach((seen, i) => {
        for (const value of seen) expect([i, partners.arraySync()[i]]).toContain(value);
      });
      const none = mixup({ probability: 0 })(batch(), rng);
      expect(none.images.arraySync()).toEqual(batch().arraySync());
      expect(none.weights.arraySync()).toEqual([1, 1, 1, 1, 1, 1]);
    });
  });
});

describe('recipes of one’s own', () => {
  const view = (more: Partial<ViewRecipe>): ViewRecipe => ({ size: 16, crop: { scale: [0.2, 1] }, ...more });

  it('take every step', () => {
    const views: ViewRecipe[] = RECIPE_STEPS.map((step) => view({ [step]: step === 'localContrast' ? {} : { probability: 1 } }));
    const recipe: Recipe = { global: [view({}), ...views], local: [] };
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([2, 24, 24, 3], 0, 0.8, 'float32', 1);
      const [plain, ...changed] = recipeViews(recipe, { size: 20 })(images, rng);
      expect(plain!.shape).toEqual([2, 20, 20, 3]);
      expect(changed).toHaveLength(RECIPE_STEPS.length);
      changed.forEach((one, i) => {
        const alone = recipeViews({ global: [...recipe.global.slice(0, i + 1), view({})], local: [] }, { size: 20 });
        if (RECIPE_STEPS[i] !== 'colorJitter') expect(one.arraySync(), RECIPE_STEPS[i]).not.toEqual(alone(images, rng)[i + 1]!.arraySync());
      });
    });
  });

  it('have no places where pixels move after the crop', () => {
    const recipe: Recipe = { global: [view({}), view({ rotation: { degrees: [-5, 5] } })], local: [] };
    expect(() => recipeTrackedViews(recipe)).toThrow('a recipe that leaves pixels in their places after the crop, this one has rotation');
  });
});

describe('operations on some images', () => {
  it('leave the others and flat channels alone', () => {
    tf.tidy(() => {
      const images = tf.concat<tf.Tensor4D>([tf.randomUniform([2, 18, 18, 3], 0.2, 0.7, 'float32', 1), tf.fill([1, 18, 18, 3], 0.4)]);
      for (const operation of [autocontrast, equalize]) {
        const changed = operation(images, [true, false, true]).arraySync();
        expect(changed[1]).toEqual(images.arraySync()[1]);
        expect(changed[2]).toEqual(images.arraySync()[2]);
        expect(Math.max(...changed[0]!.flat(2))).toBeCloseTo(1, 5);
        expect(Math.min(...changed[0]!.flat(2))).toBeCloseTo(0, 5);
      }
      const augmented = randAugment({ probability: 0.5, magnitude: 20 })(tf.tile(images, [4, 1, 1, 1]), rng);
      expect([Math.min(...augmented.dataSync()) >= 0, Math.max(...augmented.dataSync()) <= 1 + 1e-6]).toEqual([true, true]);
    });
  });

  it('say what is wrong', () => {
    tf.tidy(() => {
      const images = tf.zeros<tf.Rank.R4>([1, 4, 4, 3]);
      const box = { top: 0, left: 0, bottom: 5, right: 2 };
      expect(() => erase(images, [box])).toThrow(
        '0 <= top < bottom <= 4 and 0 <= left < right <= 4, got top 0, left 0, bottom 5, right 2 for image 0',
      );
      expect(() => perspective(images, [[[0, 0], [0, 0], [1, 1], [1, 0]]])).toThrow('no three of them on a line'); // prettier-ignore
      expect(() => randAugment({ magnitude: 31 })).toThrow('magnitude');
      expect(() => mixup({ alpha: 0 })).toThrow('mixup: `alpha` must be finite and > 0, got 0');
    });
  });
});

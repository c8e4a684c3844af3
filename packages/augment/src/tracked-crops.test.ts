import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { colorJitter } from './color-jitter.ts';
import { compose } from './compose.ts';
import { gridLocations } from './grid-locations.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { recipeTrackedViews, recipeViews } from './recipe-views.ts';
import { trackedCrops } from './tracked-crops.ts';
import { views } from './views.ts';

const rng = createRng(4).fold('tracked');

/** Images whose two channels are the place itself, y and x as fractions. */
function ramp(n: number, height: number, width: number): tf.Tensor4D {
  const y = tf.mul(tf.reshape(tf.add(tf.range(0, height), 0.5), [1, height, 1, 1]), tf.fill([n, 1, width, 1], 1 / height));
  const x = tf.mul(tf.reshape(tf.add(tf.range(0, width), 0.5), [1, 1, width, 1]), tf.fill([n, height, 1, 1], 1 / width));
  return tf.concat<tf.Tensor4D>([y as tf.Tensor4D, x as tf.Tensor4D], 3);
}

describe('trackedCrops', () => {
  it('makes the bits of views of composed crops', () => {
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([3, 12, 10, 3], 0, 1, 'float32', 1);
      const crop = { size: 8, flipProbability: 0.5 };
      const jitter = colorJitter({ brightness: 0.4 });
      const tracked = trackedCrops({ crop, changes: [jitter] })(images, rng);
      const plain = views(compose([randomResizedCrop(crop), jitter]))(images, rng);
      expect(tracked.views.map((view) => view.arraySync())).toEqual(plain.map((view) => view.arraySync()));
      const named = recipeTrackedViews('swav', { size: 8, localSize: 4 })(images, rng);
      const expected = recipeViews('swav', { size: 8, localSize: 4 })(images, rng);
      expect(named.views.map((view) => view.arraySync())).toEqual(expected.map((view) => view.arraySync()));
      expect(named.boxes.map(({ shape }) => shape)).toEqual(expected.map(() => [3, 4]));
    });
  });

  it('tells where each pixel was: the crop of an image of places has the grid of its box', () => {
    tf.tidy(() => {
      const n = 16;
      const size: [number, number] = [5, 7];
      // small boxes well inside, so that no border is clamped and every place is interpolated linearly
      const crops = trackedCrops({ crop: { size, scale: [0.05, 0.3], flipProbability: 0.5, antialias: false } });
      const { views: made, boxes, flips } = crops(ramp(n, 64, 48), rng);
      const flags = flips.map((flip) => [...flip.dataSync()]);
      for (const list of flags) expect(new Set(list)).toEqual(new Set([0, 1]));
      expect(flags[0]).not.toEqual(flags[1]);
      made.forEach((view, v) => {
        const places = gridLocations(boxes[v]!, flips[v]!, { rows: 5, columns: 7 }).dataSync();
        const seen = view.dataSync();
        const [y0, x0, y1, x1] = [0, 1, 2, 3].map((k) => boxes[v]!.arraySync().map((box) => box[k]!)) as [
          number[],
          number[],
          number[],
          number[],
        ];
        y0.forEach((top, i) => {
          expect(top < y1[i]! && x0[i]! < x1[i]!).toBe(true);
        });
        // half a pixel at the border is repeated
        places.forEach((place, i) => {
          expect(Math.abs(place - seen[i]!)).toBeLessThan(place < 0.5 / 48 || place > 1 - 0.5 / 48 ? 0.0105 : 1e-6);
        });
      });
    });
  });

  it('says what is wrong', () => {
    expect(() => trackedCrops({ crop: { size: 4 } }, { numViews: 0 })).toThrow('trackedCrops: `numViews` must be an integer >= 1, got 0');
    expect(() => trackedCrops([{ crop: { size: 4 } }], { numViews: 2 })).toThrow('`made` must have one entry for each of 2 views, got 1');
    expect(() => trackedCrops({ crop: { size: 4, scale: [2, 1] } })).toThrow('`scale`');
    tf.tidy(() => {
      const [boxes, flips] = [tf.zeros<tf.Rank.R2>([2, 4]), tf.zeros<tf.Rank.R1>([2])];
      expect(() => gridLocations(tf.zeros([2, 3]), flips, { rows: 1, columns: 1 })).toThrow(
        '`boxes` must have shape [batch, 4], got [2, 3]',
      );
      expect(() => gridLocations(boxes, tf.zeros([3]), { rows: 1, columns: 1 })).toThrow('`flips` must have shape [2], got [3]');
      expect(() => gridLocations(boxes, flips, { rows: 0, columns: 1 })).toThrow('gridLocations: `rows` must be an integer >= 1, got 0');
    });
  });
});

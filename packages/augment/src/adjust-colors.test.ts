import { isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adjustColors } from './adjust-colors.ts';
import { colorJitter } from './color-jitter.ts';
import { COLOR_ORDERS } from './color-operation.ts';

function adjust(pixel: readonly number[], adjustment: Parameters<typeof adjustColors>[1][number]): number[] {
  const result = tf.tidy(() => adjustColors(tf.tensor4d([...pixel], [1, 1, pixel.length / 3, 3]), [adjustment]));
  const values = [...result.dataSync()];
  result.dispose();
  return values;
}
const rounded = (values: number[]) => values.map((value) => Number(value.toFixed(5)));

describe('adjustColors', () => {
  it('does what the closed forms say', () => {
    expect(rounded(adjust([0.2, 0.4, 0.9], { brightness: 2 }))).toEqual([0.4, 0.8, 1]);
    expect(rounded(adjust([0.2, 0.2, 0.2, 0.6, 0.6, 0.6], { contrast: 0 }))).toEqual(Array(6).fill(0.39996)); // 0.9999 · 0.4
    expect(rounded(adjust([1, 0, 0], { saturation: 0 }))).toEqual([0.2989, 0.2989, 0.2989]);
    expect(rounded(adjust([1, 0, 0], { hue: 1 / 3 }))).toEqual([0, 1, 0]);
    expect(rounded(adjust([1, 0, 0], { hue: -1 / 3 }))).toEqual([0, 0, 1]);
    expect(rounded(adjust([0.9, 0.5, 0.1], { hue: 0.5 }))).toEqual([0.1, 0.5, 0.9]);
    expect(rounded(adjust([0.3, 0.3, 0.3], { hue: 0.2 }))).toEqual([0.3, 0.3, 0.3]);
  });

  it('acts in the order asked for, clamping in between', () => {
    expect(rounded(adjust([0.6, 0.3, 0.3], { brightness: 2, saturation: 0, order: ['brightness', 'saturation'] }))[0]).toBeCloseTo(
      0.7195,
      4,
    );
    expect(rounded(adjust([0.6, 0.3, 0.3], { brightness: 2, saturation: 0, order: ['saturation', 'brightness'] }))[0]).toBeCloseTo(
      0.77928,
      4,
    );
    expect(adjust([0.25, 0.5, 0.75], { brightness: 2, order: ['hue'] })).toEqual([0.25, 0.5, 0.75]);
  });

  it('knows all 24 orders', () => {
    expect(new Set(COLOR_ORDERS.map(String)).size).toBe(24);
  });

  it('says what is wrong', () => {
    expect(() => adjust([0, 0, 0], { hue: 0.6 })).toThrow('adjustColors: `hue` must be in [-0.5, 0.5], got 0.6 for image 0');
    expect(() => adjust([0, 0, 0], { contrast: -1 })).toThrow('adjustColors: `contrast` must be finite and >= 0, got -1 for image 0');
    expect(() => adjust([0, 0, 0], { order: ['hue', 'hue'] })).toThrow('at most once');
    tf.tidy(() => {
      const images = tf.zeros<tf.Rank.R4>([2, 1, 1, 3]);
      expect(() => adjustColors(images, [{}])).toThrow('`adjustments` must have 2 entries for these images, got 1');
    });
  });
});

describe('colorJitter', () => {
  it('refuses options out of range when it is made', () => {
    const wrong = [
      { brightness: -0.1 },
      { hue: 0.51 },
      { contrast: NaN },
      { probability: 1.1 },
      { hue: 0.1, order: ['contrast'] as const },
    ];
    for (const options of wrong) {
      let caught: unknown;
      try {
        colorJitter(options);
      } catch (error) {
        caught = error;
      }
      expect(isSelfsupError(caught) && caught.code).toBe('SELFSUP_OPTION');
    }
    expect(() => colorJitter({ saturation: 1, order: ['hue', 'brightness'] })).toThrow(
      "colorJitter: `order` must be 'random' or name each",
    );
  });
});

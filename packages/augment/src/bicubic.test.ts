import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/bicubic.json';
import { randomResizedCrop } from './random-resized-crop.ts';
import { resizedCrop, type ResizedCropOptions } from './resized-crop.ts';

type Shape = [number, number, number, number];
const valuesOf = (images: number[], shape: Shape, options: { boxes: number[] } & ResizedCropOptions) =>
  tf.tidy(() => [...resizedCrop(tf.tensor4d(images, shape), options.boxes, options).dataSync()]);
const noise = fixture.cases[0]!;
const [shape, whole] = [noise.shape as Shape, [0, 0, 1, 1, 0, 0, 1, 1]];

describe('bicubic crops', () => {
  it.each(
    fixture.cases.map((one) => ({ ...one, name: `${one.interpolation}, antialias ${one.antialias}, [${one.shape.join(', ')}] to [${one.size.join(', ')}]` })), // prettier-ignore
  )('equal PyTorch, or the formula of tf.image.resize: $name', ({ images, shape, size, antialias, interpolation, expected }) => {
    const options = { boxes: whole, size: size as [number, number], antialias, interpolation: interpolation as 'bicubic' };
    const got = valuesOf(images, shape as Shape, options);
    expect(got).toHaveLength(expected.length);
    expect(expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i]!)), 0)).toBeLessThan(1e-6);
  });

  it('differ between their conventions and from bilinear ones', () => {
    const of = (interpolation: 'bilinear' | 'bicubic' | 'bicubic-tensorflow', antialias: boolean) =>
      valuesOf(noise.images, shape, { boxes: whole, size: 9, antialias, interpolation });
    const kinds = [of('bicubic', true), of('bicubic', false), of('bicubic-tensorflow', false), of('bilinear', true)];
    for (const [i, a] of kinds.entries())
      for (const b of kinds.slice(i + 1)) expect(Math.max(...a.map((x, k) => Math.abs(x - b[k]!)))).toBeGreaterThan(0.01);
    expect(of('bicubic-tensorflow', true)).toEqual(of('bicubic', true));
  });

  it.each([true, false])('mirror with the box, antialias %s', (antialias) => {
    const options = { size: [5, 6], antialias, interpolation: 'bicubic' } as const;
    const plain = valuesOf(noise.images, shape, { boxes: [0.1, 0.2, 0.9, 0.7, 0, 0, 1, 1], ...options });
    const mirrored = valuesOf(noise.images, shape, { boxes: [0.1, 0.7, 0.9, 0.2, 0, 1, 1, 0], ...options });
    const reversed = tf.tidy(() => [...tf.reverse(tf.tensor4d(mirrored, [2, 5, 6, 3]), 2).dataSync()]);
    plain.forEach((value, i) => {
      expect(reversed[i]).toBeCloseTo(value, 5);
    });
  });

  it('leave an image of one color as it is, and a random crop in [0, 1]', () => {
    const flat = Array<number>(noise.images.length).fill(0.7);
    for (const value of valuesOf(flat, shape, { boxes: [0.1, 0.2, 0.6, 0.5, 0, 0, 1, 1], size: 8, interpolation: 'bicubic' }))
      expect(value).toBeCloseTo(0.7, 6);
    const steps = noise.images.map((value) => (value > 0.5 ? 1 : 0));
    const overshoot = valuesOf(steps, shape, { boxes: whole, size: 30, interpolation: 'bicubic' });
    expect([Math.min(...overshoot) < -0.02, Math.max(...overshoot) > 1.02]).toEqual([true, true]);
    const crop = randomResizedCrop({ size: 30, scale: [0.5, 1], interpolation: 'bicubic' });
    const random = tf.tidy(() => [...crop(tf.tensor4d(steps, shape), createRng(0)).dataSync()]);
    expect([Math.min(...random), Math.max(...random)]).toEqual([0, 1]);
    expect(() => randomResizedCrop({ size: 8, interpolation: 'nearest' as 'bicubic' })).toThrow(
      '`interpolation` must be one of bilinear, bicubic, bicubic-tensorflow, got "nearest"',
    );
  });
});

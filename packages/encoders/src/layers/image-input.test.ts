import { createRng, localContrast } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convNet } from '../conv-net.ts';
import { hashedValues } from '../parity/hashed-values.ts';
import { imageInput, type ImageInput } from './image-input.ts';

const values = hashedValues(0, 'images', 2 * 12 * 10 * 3);
const images = () => tf.tensor4d(values, [2, 12, 10, 3]);
const apply = (input: ImageInput, x: tf.Tensor4D) =>
  imageInput('test', input, x.shape[3]).layer!(createRng(0)).apply(x, { training: false });

it('global contrast has mean 0 and nearly deviation 1 over all of an image, whatever its light', () => {
  tf.tidy(() => {
    const plain = [...apply('global-contrast', images()).dataSync()];
    const pixels = [...values.subarray(0, 360)];
    const mean = pixels.reduce((sum, value) => sum + value, 0) / 360;
    const strength = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 360 + 0.048);
    for (const [i, value] of pixels.entries()) expect(plain[i]).toBeCloseTo((value - mean) / strength, 5);
    const lighter = apply('global-contrast', tf.add(images(), 2)).dataSync();
    for (const [i, value] of plain.entries()) expect(lighter[i]).toBeCloseTo(value, 4);
  });
});

it('local contrast is that of the mean of the channels; color contrast adds two differences of colors, which gray has not', () => {
  tf.tidy(() => {
    const mean = tf.mean<tf.Tensor4D>(images(), 3, true);
    const expected = [...localContrast(mean, { floor: 0.008 }).dataSync()];
    expect([...apply('local-contrast', images()).dataSync()]).toEqual(expected);
    const [gray, ...colors] = tf.split(apply('color-contrast', images()), 3, 3).map((channel) => [...channel.dataSync()]);
    expect(gray).toEqual(expected);
    for (let i = 0; i < expected.length; i++) {
      const [r, g, b] = values.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      expect(colors[0]![i]).toBeCloseTo((r - g) / 2 / 0.48, 5);
      expect(colors[1]![i]).toBeCloseTo((r + g - 2 * b) / 4 / 0.48, 5);
    }
    const shades = tf.tile<tf.Tensor4D>(mean, [1, 1, 1, 3]);
    expect(tf.max(tf.abs(tf.slice(apply('color-contrast', shades), [0, 0, 0, 1], [2, 12, 10, 2]))).dataSync()[0]).toBeLessThan(1e-6);
  });
});

it('is what a ConvNet sees, in as many channels', () => {
  const channelsOf = (input: ImageInput, channels: number) => {
    const encoder = convNet({ channels, widths: [4], input })(createRng(0));
    const { shape } = encoder.trainable['conv1/kernel']!;
    encoder.dispose();
    return shape[2];
  };
  expect([channelsOf('pixels', 3), channelsOf('global-contrast', 3), channelsOf('color-contrast', 3)]).toEqual([3, 3, 3]);
  expect([channelsOf('local-contrast', 3), channelsOf('local-contrast', 1)]).toEqual([1, 1]);
  expect(() => convNet({ channels: 1, input: 'color-contrast' })).toThrow(
    'convNet: `channels` must be 3 for the input color-contrast, got 1',
  );
  expect(() => convNet({ widths: [4, 8], kernelSizes: [3] })).toThrow(
    'convNet: `kernelSizes` must hold an odd size for each of the 2 widths, got [3]',
  );
  expect(() => convNet({ widths: [4], kernelSizes: [4] })).toThrow('an odd size for each of the 1 widths, got [4]');
});

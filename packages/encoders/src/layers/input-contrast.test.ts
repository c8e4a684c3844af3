import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convNet } from '../conv-net.ts';
import { hashedValues } from '../parity/hashed-values.ts';
import { inputColorContrast, inputContrast } from './input-contrast.ts';

const images = () => tf.tensor4d(hashedValues(0, 'images', 2 * 12 * 12 * 3), [2, 12, 12, 3]);

it('a shade of gray has no colors, and a light of another color hardly any', () => {
  tf.tidy(() => {
    const [gray, color] = [inputContrast()(createRng(0)), inputColorContrast()(createRng(0))];
    const shades = tf.tile(tf.slice(images(), [0, 0, 0, 0], [2, 12, 12, 1]), [1, 1, 1, 3]);
    const channels = tf.split(color.apply(shades as tf.Tensor4D, { training: false }), 3, 3);
    const expected = gray.apply(shades as tf.Tensor4D, { training: false });
    expect([...channels[0]!.dataSync()]).toEqual([...expected.dataSync()]);
    for (const channel of channels.slice(1)) expect(Math.max(...channel.dataSync().map(Math.abs))).toBeLessThan(1e-5);
    const [plain, tinted] = [images(), tf.add<tf.Tensor4D>(images(), [0.5, -0.2, 0.1])].map((x) => color.apply(x, { training: false }));
    expect(tf.max(tf.abs(tf.sub(plain!, tinted!))).dataSync()[0]).toBeLessThan(1e-4);
    expect(tf.max(tf.abs(plain!)).dataSync()[0]).toBeGreaterThan(0.5);
  });
});

it('is what a ConvNet sees: one channel, or three', () => {
  const first = (input: 'pixels' | 'contrast' | 'color-contrast', channels: number) => {
    const encoder = convNet({ channels, widths: [4], input })(createRng(0));
    const { shape } = encoder.trainable['conv1/kernel']!;
    encoder.dispose();
    return shape[2];
  };
  expect([first('pixels', 3), first('contrast', 3), first('contrast', 1), first('color-contrast', 3)]).toEqual([3, 1, 1, 3]);
  expect(() => convNet({ channels: 1, input: 'color-contrast' })).toThrow(
    'convNet: `input` must be pixels or contrast for images of 1 channels, got color-contrast',
  );
  expect(() => convNet({ widths: [4, 8], kernelSizes: [3] })).toThrow(
    'convNet: `kernelSizes` must hold an odd size for each of the 2 widths, got [3]',
  );
  expect(() => convNet({ widths: [4], kernelSizes: [4] })).toThrow('an odd size for each of the 1 widths, got [4]');
});

import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { mapTensors, namedTensors } from './named-tensors.ts';

it('names tensors and those of lists, and keeps the structure', () => {
  tf.tidy(() => {
    const record = { ids: tf.tensor1d([1, 2]), views: [tf.scalar(1), tf.scalar(2)], mask: undefined };
    expect(namedTensors(record).map(([name, { shape }]) => [name, shape])).toEqual([
      ['ids', [2]],
      ['views[0]', []],
      ['views[1]', []],
    ]);
    const names: string[] = [];
    const doubled = mapTensors(record, (tensor, name) => (names.push(name), tf.mul(tensor, 2)));
    expect(names).toEqual(['ids', 'views[0]', 'views[1]']);
    expect(Object.keys(doubled)).toEqual(['ids', 'views', 'mask']);
    expect(doubled.mask).toBeUndefined();
    expect([...doubled.ids.dataSync()]).toEqual([2, 4]);
    expect(doubled.views.map((view) => view.dataSync()[0])).toEqual([2, 4]);
  });
});

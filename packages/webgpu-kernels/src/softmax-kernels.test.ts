import { maskedSoftmax } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw, type Values } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

interface Asked {
  readonly shape: readonly number[];
  /** Which axes of the mask are 1; left out: no mask. */
  readonly broadcast?: readonly boolean[];
  readonly make?: (values: Values) => Values;
}

function softmaxCase(draw: Draw, { shape, broadcast, make = (values) => values }: Asked): Case {
  const scale = draw.unit('scale');
  const maskShape = broadcast && shape.map((size, axis) => (broadcast[axis] ? 1 : size));
  const drawn = maskShape && draw.normal('mask', maskShape);
  const mask = drawn && { ...drawn, values: Float32Array.from(drawn.values, (value) => (value > 1 ? -Infinity : value)) };
  return {
    title: `maskedSoftmax [${shape.join(', ')}] mask [${maskShape?.join(', ') ?? 'none'}]`,
    inputs: [make(draw.normal('x', shape)), ...(mask ? [mask] : [])],
    differentiate: 1,
    run: ([x, given]) => maskedSoftmax(x!, { scale, ...(given && { mask: given }) }),
  };
}

const MASKS: readonly (readonly boolean[] | undefined)[] = [
  undefined,
  [false, false, false, false],
  [true, true, true, false],
  [false, true, true, false],
  [true, true, false, false],
  [false, true, false, false],
];

describeOnGpu('masked softmax', () => {
  it('is that of the composed form with every kind of mask, gradients too', async () => {
    for (const [i, broadcast] of MASKS.entries()) {
      const draw = drawFor(i);
      const shape = [draw.whole('b', 1, 3), draw.whole('h', 1, 4), draw.whole('q', 1, 9), draw.whole('k', 1, 90)];
      await check(softmaxCase(draw, { shape, ...(broadcast && { broadcast }) }));
    }
  });

  it('takes long rows, many rows, and nothing', async () => {
    for (const [seed, shape] of [[3, 2100], [2000, 3], [5]].entries()) await check(softmaxCase(drawFor(20 + seed), { shape }));
    await tf.setBackend('webgpu');
    const empty = tf.zeros([0, 4]);
    const y = maskedSoftmax(empty);
    expect(y.shape).toEqual([0, 4]);
    expect(await y.data()).toEqual(new Float32Array(0));
    tf.dispose([empty, y]);
  });

  it('shows NaN and infinity where the definition does, and 0 for a row that is hidden', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const draw = drawFor(seed);
      await check(softmaxCase(draw, { shape: [9, 7], broadcast: [true, false], make: (values) => hostile(draw, values) }));
    }
    const hidden = { shape: [2, 3], values: Float32Array.from([-Infinity, -Infinity, -Infinity, -100, 0, 100]) };
    await check({ title: 'a hidden row', inputs: [hidden], differentiate: 1, run: ([x]) => maskedSoftmax(x!) });
  });
});

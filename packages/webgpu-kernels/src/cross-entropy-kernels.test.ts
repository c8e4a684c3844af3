import { drawUniform, softmaxCrossEntropy } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw, type Values } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

/** Labels, a fifth of them negative where rows may be ignored. */
function labelsFor(draw: Draw, { rows, classes, ignore }: { rows: number; classes: number; ignore: boolean }): Values {
  const least = ignore ? -0.25 * classes : 0;
  const values = Int32Array.from(drawUniform(draw.rng.fold('labels'), rows, { min: least, max: classes - 1e-3 }), Math.floor);
  return { shape: [rows], values, dtype: 'int32' };
}

function crossEntropyCase(draw: Draw, shape: readonly [number, number], make?: (values: Values) => Values): Case {
  const [rows, classes] = shape;
  const logits = draw.normal('logits', shape);
  return {
    title: `softmaxCrossEntropy [${rows}, ${classes}]`,
    inputs: [make ? make(logits) : logits, labelsFor(draw, { rows, classes, ignore: make === undefined })],
    differentiate: 1,
    run: ([x, labels]) => softmaxCrossEntropy(x as tf.Tensor2D, labels as tf.Tensor1D),
  };
}

describeOnGpu('cross entropy', () => {
  it('is that of the composed form in random cases, gradients too', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const draw = drawFor(seed);
      await check(crossEntropyCase(draw, [draw.whole('rows', 1, 30), draw.whole('classes', 2, 200)]));
    }
    for (const [seed, shape] of (
      [
        [3, 2100],
        [1100, 2],
        [4, 1],
      ] as const
    ).entries())
      await check(crossEntropyCase(drawFor(20 + seed), shape));
  });

  it('keeps the digits of a sure prediction, and shows NaN and infinity where the definition does', async () => {
    const large = { shape: [2, 2], values: Float32Array.from([1e6, 1e6 - 4, -3e38, 3e38]) };
    const labels = { shape: [2], values: Int32Array.from([0, 1]), dtype: 'int32' as const };
    const run: Case['run'] = ([x, given]) => softmaxCrossEntropy(x as tf.Tensor2D, given as tf.Tensor1D);
    await check({ title: 'large logits', inputs: [large, labels], differentiate: 1, run });
    for (let seed = 1; seed <= 4; seed++) {
      const draw = drawFor(seed);
      await check(crossEntropyCase(draw, [12, 9], (values) => hostile(draw, values)));
    }
  });

  it('gives NaN for a label that is not a class, and 0 for a row that is ignored', async () => {
    await tf.setBackend('webgpu');
    const [logits, labels] = [tf.zeros<tf.Rank.R2>([3, 4]), tf.tensor1d([4, -1, 2], 'int32')];
    const losses = softmaxCrossEntropy(logits, labels);
    const [unknown, ignored, loss] = await losses.data();
    expect([unknown, ignored]).toEqual([NaN, 0]);
    expect(loss).toBeCloseTo(Math.log(4), 6);
    tf.dispose([logits, labels, losses]);
  });
});

import { backend_util } from '@tensorflow/tfjs-core';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, type Values } from '../test/wasm-under-test.ts';

describeKernel('MaxPoolGrad', 'MaxPoolGrad', (random) => {
  const shape = [integer(random, 1, 3), integer(random, 3, 10), integer(random, 3, 10), integer(random, 1, 9)];
  const filterSize = [integer(random, 1, 3), integer(random, 1, 3)];
  const strides = [integer(random, 1, 3), integer(random, 1, 3)];
  const pad = pick(random, ['same', 'valid']);
  const info = backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as 'same',
  );
  // All signs, all ≤ 0, all < 0, and coarse values so that ties are common.
  const kind = pick(random, ['signed', 'nonPositive', 'negative', 'ties', 'zeros']);
  const input: Values = signedValues(random, shape);
  for (let i = 0; i < input.values.length; i++) {
    const v = input.values[i]!;
    if (kind === 'nonPositive') input.values[i] = Math.min(v, 0);
    if (kind === 'negative') input.values[i] = -Math.abs(v) - 0.01;
    if (kind === 'ties') input.values[i] = Math.round(v * 2) - 1;
    if (kind === 'zeros') input.values[i] = 0;
  }
  return {
    inputs: {
      dy: signedValues(random, info.outShape),
      input,
      output: { shape: info.outShape, values: new Float32Array(info.outShape.reduce((a, b) => a * b, 1)) },
    },
    attrs: { filterSize, strides, pad },
  };
});

import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick } from '../test/wasm-under-test.ts';

describeKernel('OneHot, float32 among others', 'OneHot', (random) => {
  const shape = Array.from({ length: integer(random, 1, 3) }, () => integer(random, 0, 6));
  const depth = integer(random, 1, 9);
  const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => integer(random, -2, depth + 1));
  const dtype = pick(random, ['float32', 'float32', 'int32']);
  const hot = dtype === 'int32' ? { onValue: 1, offValue: 0 } : { onValue: pick(random, [1, 0.9, -2]), offValue: pick(random, [0, 0.1]) };
  return { inputs: { indices: { shape, values: data, dtype: 'int32' } }, attrs: { dtype, depth, ...hot } };
});

import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { integer, pick } from '../wasm-under-test.ts';

function oneHot(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 1, 3) }, () => integer(random, 0, 6));
  const depth = integer(random, 1, 9);
  const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => integer(random, -2, depth + 1));
  const dtype = pick(random, ['float32', 'float32', 'int32']);
  const [onValue, offValue] = dtype === 'int32' ? [1, 0] : [pick(random, [1, 0.9, -2]), pick(random, [0, 0.1])];
  const expected = Float64Array.from({ length: data.length * depth }, (_, i) =>
    data[Math.floor(i / depth)] === i % depth ? onValue : offValue,
  );
  const inputs = { indices: { shape, values: data, dtype: 'int32' as const } };
  return { inputs, attrs: { dtype, depth, onValue, offValue }, expected: [expected], alsoCpu: true };
}

/** OneHot in float32 and int32. */
export const oneHotCases: readonly CaseMaker[] = [{ title: 'OneHot, float32 among others', kernel: 'OneHot', make: oneHot }];

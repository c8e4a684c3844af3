import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

describeKernel('Sum, empty tensors among others', 'Sum', (random) => {
  const shape = Array.from({ length: integer(random, 1, 4) }, () => pick(random, [0, 1, 2, 3, 5]));
  const axis = shape.map((_, d) => d).filter(() => random() < 0.6);
  if (axis.length === 0) axis.push(integer(random, 0, shape.length - 1));
  const size = shape.reduce((a, b) => a * b, 1);
  const kept = shape.map((n, d) => (axis.includes(d) ? 1 : n)).reduce((a, b) => a * b, 1);
  return {
    inputs: { x: signedValues(random, shape) },
    attrs: { axis, keepDims: random() < 0.5 },
    ...(size === 0 && { expected: [new Float64Array(kept)] }),
  };
});

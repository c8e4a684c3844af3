import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { requireShapes } from './operands.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const alone = elementwise({
  name: 'SelfsupAddEach 1',
  inputs: { x0: 'f32', y0: 'f32' },
  outputs: ['sum0'],
  uniforms: {},
  body: 'sum0[i] = x0[i] + y0[i];',
});

/** A program may bind 8 buffers: two pairs and their sums. */
const together = elementwise({
  name: 'SelfsupAddEach 2',
  inputs: { x0: 'f32', y0: 'f32', x1: 'f32', y1: 'f32' },
  outputs: ['sum0', 'sum1'],
  uniforms: { size0: 'u32', size1: 'u32' },
  body: `
  if (i < u.size0) { sum0[i] = x0[i] + y0[i]; }
  if (i < u.size1) { sum1[i] = x1[i] + y1[i]; }`,
});

/** SelfsupAddEach: inputs `x0`, `y0`, `x1`, `y1`, …, float32, each `y` of the shape of its `x` → the sums. Two pairs a dispatch. */
export function addEachKernel(runtime: Runtime): KernelTable {
  return {
    SelfsupAddEach(inputs) {
      const pairs = Array.from({ length: Object.keys(inputs).length / 2 }, (_, i) => {
        const [x, y] = [inputs[`x${i}`], inputs[`y${i}`]] as [TensorInfo, TensorInfo];
        requireShapes('SelfsupAddEach', inputs, { [`x${i}`]: x.shape, [`y${i}`]: x.shape });
        return { x, y, size: util.sizeFromShape(x.shape) };
      });
      const shapes = pairs.map(({ x }) => x.shape);
      return produce(runtime, shapes, (outputs) => {
        const filled = pairs.map((pair, i) => ({ ...pair, out: outputs[i]! })).filter(({ size }) => size > 0);
        for (let i = 0; i < filled.length; i += 2) {
          const [a, b] = [filled[i]!, filled[i + 1]];
          if (b) {
            const on = { inputs: [a.x, a.y, b.x, b.y], outputs: [a.out, b.out], uniforms: { size0: a.size, size1: b.size } };
            together(runtime, { ...on, count: Math.max(a.size, b.size) });
          } else alone(runtime, { inputs: [a.x, a.y], outputs: [a.out], uniforms: {} });
        }
      });
    },
  };
}

import { compute, type Operations } from './compute.ts';
import type { KernelTable } from './kernel.ts';
import type { Handle } from './tensorflow-backend.ts';

const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** 2·Φ(x), or twice tanh's approximation of it, and tanh's argument. */
function doubledGate(tf: Operations, x: Handle, isTanh: boolean): Handle {
  if (!isTanh) return tf.run('Erfc', [tf.run('Mul', [x, tf.numbers(-Math.SQRT1_2)])]);
  const bend = tf.run('AddV2', [tf.run('Mul', [tf.run('Square', [x]), tf.numbers(ROOT * CUBIC)]), tf.numbers(ROOT)]);
  return tf.run('AddV2', [tf.run('Tanh', [tf.run('Mul', [x, bend])]), tf.numbers(1)]);
}

/** The Gaussian error linear unit; products in which 0 meets ∞ are 0. `SelfsupGelu`: `x` → y. `SelfsupGeluGrad`: `dy`, `x` → dx. Attribute `approximate`. */
export const geluKernels: KernelTable = {
  SelfsupGelu({ x }, attrs, backend) {
    return compute(backend, (tf) => {
      const input = tf.input(x!);
      const half = tf.run('Mul', [input, tf.numbers(0.5)]);
      return [tf.run('MulNoNan', [half, doubledGate(tf, input, attrs['approximate'] === 'tanh')])];
    })[0]!;
  },
  SelfsupGeluGrad({ dy, x }, attrs, backend) {
    const isTanh = attrs['approximate'] === 'tanh';
    return compute(backend, (tf) => {
      const input = tf.input(x!);
      const gate = doubledGate(tf, input, isTanh);
      const outer = tf.run('Mul', [tf.input(dy!), tf.numbers(0.5)]);
      const times = (values: Handle, factor: number) => tf.run('Mul', [values, tf.numbers(factor)]);
      // twice the density: from the error function, or from that of tanh, where g(2 − g) is 1 − tanh²
      const density = isTanh
        ? tf.run('MulNoNan', [
            tf.run('AddV2', [times(tf.run('Square', [input]), 3 * ROOT * CUBIC), tf.numbers(ROOT)]),
            tf.run('Mul', [gate, tf.run('Sub', [tf.numbers(2), gate])]),
          ])
        : times(tf.run('Exp', [times(tf.run('Square', [input]), -0.5)]), ROOT);
      return [tf.run('Mul', [outer, tf.run('AddV2', [gate, tf.run('MulNoNan', [input, density])])])];
    })[0]!;
  },
};

import { elementwise } from './elementwise.ts';
import { input } from './operands.ts';
import { produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

/**
 * log(1 + e) for e from 0 to 1, with all digits: 2 artanh(e / (2 + e)) by its series, of which the last term is below 1e-9.
 */
const LOG_OF_ONE_AND = `
fn logOfOneAnd(e: f32) -> f32 {
  let z = e / (2.0 + e);
  let q = z * z;
  return 2.0 * z * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))))));
}`;

/** What becomes of a number `v` that is not NaN. */
const ACTIVATIONS: Readonly<Record<string, { readonly declarations?: string; readonly value: string }>> = {
  Relu6: { value: 'clamp(v, 0.0, 6.0)' },
  Sigmoid: { value: '1.0 / (1.0 + power(-v))' },
  Softplus: { declarations: LOG_OF_ONE_AND, value: 'max(v, 0.0) + logOfOneAnd(power(-abs(v)))' },
};

/**
 * Relu6, Sigmoid and Softplus of float32: NaN stays NaN, which tfjs's programs leave to the driver, and Softplus keeps its digits where it is small. Other
 * dtypes stay with the stock kernels.
 */
export function activationKernels(runtime: Runtime): KernelTable {
  const kernels = Object.entries(ACTIVATIONS).map(([name, { declarations, value }]): [string, Kernel] => {
    const run = elementwise({
      name,
      inputs: { x: 'f32' },
      outputs: ['y'],
      uniforms: {},
      ...(declarations !== undefined && { declarations }),
      body: `
  let v = x[i];
  if (isNan(v)) { y[i] = v; return; }
  y[i] = ${value};`,
    });
    const kernel: Kernel = (inputs) => {
      const x = input(inputs, 'x');
      if (x.dtype !== 'float32') return undefined;
      return produce(runtime, [x.shape], (outputs) => {
        run(runtime, { inputs: [x], outputs, uniforms: {} });
      })[0]!;
    };
    return [name, kernel];
  });
  return Object.fromEntries(kernels);
}

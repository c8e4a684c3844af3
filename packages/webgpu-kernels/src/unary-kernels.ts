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

/**
 * The sine of an angle, or of one a quarter turn on: WGSL's own may be wrong by 5e-4, and by anything outside [-π, π]. Whole quarters are taken off, π/2 in three
 * parts of which the products with up to 8000 quarters are exact; the series of what is left end below 1e-8.
 */
const SINE = `
fn sine(v: f32, shift: f32) -> f32 {
  if (isInfinite(v)) { return u.nan; }
  let quarters = floor(v * 0.63661977 + 0.5);
  let r = ((v - quarters * 1.5703125) - quarters * 0.0004837512969970703) - quarters * 7.549790126404332e-8;
  let z = r * r;
  let odd = r + r * z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z / 362880.0)));
  let even = 1.0 - z * (0.5 - z * (1.0 / 24.0 - z * (1.0 / 720.0 - z / 40320.0)));
  let turned = quarters + shift;
  let quarter = turned - 4.0 * floor(turned * 0.25);
  let size = select(even, odd, quarter == 0.0 || quarter == 2.0);
  return select(size, -size, quarter >= 2.0);
}`;

/** What becomes of a number `v` that is not NaN. */
const FUNCTIONS: Readonly<Record<string, { readonly declarations?: string; readonly value: string }>> = {
  Relu6: { value: 'clamp(v, 0.0, 6.0)' },
  Sigmoid: { value: '1.0 / (1.0 + power(-v))' },
  Softplus: { declarations: LOG_OF_ONE_AND, value: 'max(v, 0.0) + logOfOneAnd(power(-abs(v)))' },
  Sin: { declarations: SINE, value: 'sine(v, 0.0)' },
  Cos: { declarations: SINE, value: 'sine(v, 1.0)' },
};

/**
 * Relu6, Sigmoid, Softplus, Sin and Cos of float32: NaN stays NaN, which tfjs's programs leave to the driver, Softplus keeps its digits where it is small, and
 * Sin and Cos have all of theirs. Other dtypes stay with the stock kernels.
 */
export function unaryKernels(runtime: Runtime): KernelTable {
  const kernels = Object.entries(FUNCTIONS).map(([name, { declarations, value }]): [string, Kernel] => {
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

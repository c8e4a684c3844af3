import type { NamedAttrMap, NamedTensorInfoMap } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input, requireShapes } from './operands.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const KINDS = ['none', 'tanh'] as const;
const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
/** From here on the gate is 0 or 1 in float32, and its slope 0. */
const FAR = 15;

/**
 * `gate`: the normal distribution function, by the formula 7.1.26 of Abramowitz and Stegun for the complementary error function, so that its lower tail keeps
 * digits; or its approximation by tanh, as a logistic function for the same reason. `slope`: its derivative.
 */
const FUNCTIONS = {
  none: `
fn gate(v: f32) -> f32 {
  let z = abs(v) * ${Math.SQRT1_2};
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let tail = 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * power(-z * z);
  return select(tail, 1.0 - tail, v > 0.0);
}
fn slope(v: f32, open: f32) -> f32 { return ${0.5 * ROOT} * power(-0.5 * v * v); }`,
  tanh: `
fn gate(v: f32) -> f32 { return 1.0 / (1.0 + power(-${2 * ROOT} * v * (1.0 + ${CUBIC} * v * v))); }
fn slope(v: f32, open: f32) -> f32 { return 2.0 * open * (1.0 - open) * (${ROOT} + ${3 * ROOT * CUBIC} * v * v); }`,
} as const;

const programs = KINDS.map((kind) => ({
  forward: elementwise({
    name: `SelfsupGelu ${kind}`,
    inputs: { x: 'f32' },
    outputs: ['y'],
    uniforms: {},
    declarations: FUNCTIONS[kind],
    body: `
  let v = x[i];
  if (isNan(v)) { y[i] = v; return; }
  y[i] = max(v, -${FAR}.0) * gate(clamp(v, -${FAR}.0, ${FAR}.0));`,
  }),
  gradient: elementwise({
    name: `SelfsupGeluGrad ${kind}`,
    inputs: { dy: 'f32', x: 'f32' },
    outputs: ['dx'],
    uniforms: {},
    declarations: FUNCTIONS[kind],
    body: `
  if (isNan(x[i])) { dx[i] = x[i]; return; }
  let v = clamp(x[i], -${FAR}.0, ${FAR}.0);
  let open = gate(v);
  dx[i] = dy[i] * (open + v * slope(v, open));`,
  }),
}));

/**
 * SelfsupGelu: input `x`, attribute `approximate` ('none' or 'tanh') → `y`, 0 at −∞.
 * SelfsupGeluGrad: inputs `dy`, `x`, attribute `approximate` → `dx`.
 */
export function geluKernels(runtime: Runtime): KernelTable {
  const chosen = (attrs: NamedAttrMap) => programs[attrs['approximate'] === 'tanh' ? 1 : 0]!;
  const shapeOf = (kernelName: string, inputs: NamedTensorInfoMap, names: readonly string[]): number[] => {
    const { shape } = input(inputs, 'x');
    requireShapes(kernelName, inputs, Object.fromEntries(names.map((name) => [name, shape])));
    return shape;
  };
  return {
    SelfsupGelu(inputs, attrs) {
      return produce(runtime, [shapeOf('SelfsupGelu', inputs, ['x'])], (outputs) => {
        chosen(attrs).forward(runtime, { inputs: [input(inputs, 'x')], outputs, uniforms: {} });
      })[0]!;
    },
    SelfsupGeluGrad(inputs, attrs) {
      return produce(runtime, [shapeOf('SelfsupGeluGrad', inputs, ['x', 'dy'])], (outputs) => {
        chosen(attrs).gradient(runtime, { inputs: [input(inputs, 'dy'), input(inputs, 'x')], outputs, uniforms: {} });
      })[0]!;
    },
  };
}

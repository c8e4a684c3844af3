import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { repairConvolutions } from './repair-convolutions.ts';
import { repairKernel } from './repair-kernel.ts';
import { repairResampling } from './repair-resampling.ts';
import { sumOfNothing } from './sum-of-nothing.ts';

/** Every number of float32 that is not infinite is smaller. */
const INFINITE = '3.4028235e38';

const quotient = (at: string) => [`result${at} = 1.;`, `result${at} = a${at} == 0. || abs(a${at}) >= ${INFINITE} ? NAN : 1.;`] as const;

/**
 * Lines of GLSL in the programs of tfjs 4.22, and what takes their place: a number times a condition is NaN where the number is infinite and left out; one NaN
 * among four numbers kept all of them from being clipped; the softplus of NaN came from comparisons with it; and equal numbers were divided to 1, 0 by 0, too.
 */
const LINES: readonly (readonly [tfjs: string, ours: string])[] = [
  ['x * vec4(greaterThanEqual(x, vec4(0.0)))', 'mix(vec4(0.0), x, greaterThanEqual(x, vec4(0.0)))'],
  ['min(x, vec4(6.)) * vec4(greaterThanEqual(x, vec4(0.0)))', 'mix(vec4(0.0), min(x, vec4(6.)), greaterThanEqual(x, vec4(0.0)))'],
  ['if (any(isnan(value))) {', 'if (all(isnan(value))) {'],
  [
    'setOutput(clamp(value, vec4(minVal), vec4(maxVal)));',
    'setOutput(mix(clamp(value, vec4(minVal), vec4(maxVal)), value, isnan(value)));',
  ],
  ['float threshold = log(epsilon) + 2.0;', 'float threshold = log(epsilon) + 2.0;\n  if (isnan(x)) { return x; }'],
  ...(['.x', '.y', '.z', '.w'] as const).map(quotient),
  [
    'if (a == b) {\n  return 1.0;\n};\nreturn a / b;',
    `if (a == b) {\n  return a == 0.0 || abs(a) >= ${INFINITE} ? NAN : 1.0;\n};\nreturn a / b;`,
  ],
];

/**
 * Mends what tfjs's webgl backend computes wrongly: gradients of pooling, resizing and convolutions, the sum of nothing, and what becomes of NaN and infinity in
 * `relu`, `relu6` (also inside of fused operations), `clipByValue`, `softplus` and `div`.
 *
 * @param backend once, after its start
 */
export function repairWebgl(backend: MathBackendWebGL): void {
  repairResampling('webgl');
  repairConvolutions('webgl');
  repairKernel('Sum', 'webgl', sumOfNothing);
  const run = backend.runWebGLProgram.bind(backend);
  backend.runWebGLProgram = (program, ...rest) => {
    for (const [tfjs, ours] of LINES) program.userCode = program.userCode.replace(tfjs, ours);
    return run(program, ...rest);
  };
}

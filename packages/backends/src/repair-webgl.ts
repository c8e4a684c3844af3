import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { repairConvolutions } from './repair-convolutions.ts';
import { repairKernel } from './repair-kernel.ts';
import { repairResampling } from './repair-resampling.ts';
import { sumOfNothing } from './sum-of-nothing.ts';

/** Every number of float32 that is not infinite is smaller. */
const INFINITE = '3.4028235e38';

const quotient = (at: string) => [`result${at} = 1.;`, `result${at} = a${at} == 0. || abs(a${at}) >= ${INFINITE} ? NAN : 1.;`] as const;

/**
 * The sine of an angle, or of one `shift` quarter turns on, as lines of GLSL that begin with what gets the result: GLSL's own may be wrong by 5e-4, and by anything
 * outside [-π, π]. Whole quarters are taken off, π/2 in three parts of which the products with up to 8000 quarters are exact; the series of what is left end
 * below 1e-8.
 */
const sine = (type: 'float' | 'vec4', shift: number, result: string): string => `
  ${type} quarters = floor(x * 0.63661977 + 0.5);
  ${type} r = ((x - quarters * 1.5703125) - quarters * 0.0004837512969970703) - quarters * 7.549790126404332e-8;
  ${type} z = r * r;
  ${type} odd = r + r * z * (-1. / 6. + z * (1. / 120. + z * (-1. / 5040. + z / 362880.)));
  ${type} even = 1. - z * (.5 - z * (1. / 24. - z * (1. / 720. - z / 40320.)));
  ${type} quarter = mod(quarters + ${shift}., 4.);
  ${result} (1. - 2. * step(2., quarter)) * mix(odd, even, mod(quarter, 2.));`;

const wave = (name: string, shift: number) =>
  [
    [`return ${name}(x);`, sine('float', shift, 'return')],
    [`vec4 result = ${name}(x);`, sine('vec4', shift, 'vec4 result =')],
  ] as const;

/**
 * Lines of GLSL in the programs of tfjs 4.22, and what takes their place: a number times a condition is NaN where the number is infinite and left out; one NaN
 * among four numbers kept all of them from being clipped; the softplus of NaN came from comparisons with it; sines and cosines
 * were the driver's; and equal numbers were divided to 1, 0 by 0, too.
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
  ...wave('sin', 0),
  ...wave('cos', 1),
  ...(['.x', '.y', '.z', '.w'] as const).map(quotient),
  [
    'if (a == b) {\n  return 1.0;\n};\nreturn a / b;',
    `if (a == b) {\n  return a == 0.0 || abs(a) >= ${INFINITE} ? NAN : 1.0;\n};\nreturn a / b;`,
  ],
];

/**
 * Mends what tfjs's webgl backend computes wrongly: gradients of pooling, resizing and convolutions, the sum of nothing, the last digits
 * of `sin` and `cos`, and what becomes of NaN and infinity in `relu`, `relu6` (also inside of fused operations), `clipByValue`, `softplus` and `div`.
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

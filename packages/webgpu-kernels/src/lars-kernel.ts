import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { input, numbers, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { produce, withScratch, type KernelTable, type Runtime } from './runtime.ts';

const THREADS = 256;
/** Up to so many values one workgroup does everything. */
const SMALL = 8192;
const UNIFORMS = {
  ...({ size: 'u32', chunk: 'u32', blocks: 'u32', learningRate: 'f32', momentum: 'f32', weightDecay: 'f32' } as const),
  ...({ trustCoefficient: 'f32', epsilon: 'f32', splitNorms: 'u32', rateInMomentum: 'u32', clip: 'u32' } as const),
};
const TOTAL = reduction({ name: 'total', threads: THREADS, width: 1 });

/** The sums of squares of the variable, and of what the other norm is of, in one chunk. */
const SQUARES = `
  let firstIndex = group * u.chunk + thread;
  let endIndex = min((group + 1u) * u.chunk, u.size);
  var ofVariable = 0.0;
  var ofGradient = 0.0;
  for (var i = firstIndex; i < endIndex; i += ${THREADS}u) {
    let w = variable[i];
    let g = gradient[i] + select(u.weightDecay * w, 0.0, u.splitNorms == 1u || u.weightDecay == 0.0);
    ofVariable += w * w;
    ofGradient += g * g;
  }
  let variableSquares = total(ofVariable, thread);
  let gradientSquares = total(ofGradient, thread);`;

const STEP = `
  let size0 = sqrt(variableSquares);
  let own = sqrt(gradientSquares);
  let plain = u.trustCoefficient * size0 / (own + select(0.0, u.weightDecay * size0, u.splitNorms == 1u) + u.epsilon);
  var ratio = 1.0;
  if (isPositive(size0) && isPositive(own)) { ratio = plain; if (u.clip == 1u) { ratio = smaller(plain / u.learningRate, 1.0); } }
  let inside = ratio * select(1.0, u.learningRate, u.rateInMomentum == 1u);
  let outside = select(-u.learningRate, -1.0, u.rateInMomentum == 1u);
  for (var i = firstIndex; i < endIndex; i += ${THREADS}u) {
    let direction = gradient[i] + select(u.weightDecay * variable[i], 0.0, u.weightDecay == 0.0);
    let moved = u.momentum * velocity[i] + inside * direction;
    next[i] = moved;
    update[i] = outside * moved;
  }`;

const base = { uniforms: UNIFORMS, threads: THREADS, declarations: TOTAL } as const;

const atOnce: Program = {
  ...base,
  name: 'SelfsupLarsUpdate',
  inputs: { gradient: 'f32', velocity: 'f32', variable: 'f32' },
  outputs: ['update', 'next'],
  body: SQUARES + STEP,
};

const norms: Program = {
  ...base,
  name: 'SelfsupLarsUpdate norms',
  inputs: { gradient: 'f32', variable: 'f32' },
  outputs: ['parts'],
  body: `${SQUARES}
  if (thread == 0u) { parts[2u * group] = variableSquares; parts[2u * group + 1u] = gradientSquares; }`,
};

/** Every workgroup adds up the parts, of which there are no more than it has invocations. */
const ofParts: Program = {
  ...base,
  name: 'SelfsupLarsUpdate of parts',
  inputs: { gradient: 'f32', velocity: 'f32', variable: 'f32', parts: 'f32' },
  outputs: ['update', 'next'],
  body: `
  let firstIndex = group * u.chunk + thread;
  let endIndex = min((group + 1u) * u.chunk, u.size);
  let there = thread < u.blocks;
  let variableSquares = total(select(0.0, parts[2u * min(thread, u.blocks - 1u)], there), thread);
  let gradientSquares = total(select(0.0, parts[2u * min(thread, u.blocks - 1u) + 1u], there), thread);
  ${STEP}`,
};

/**
 * SelfsupLarsUpdate: inputs `gradient`, `velocity`, `variable`, attributes `learningRate`, `momentum`, `weightDecay`, `trustCoefficient`, `epsilon`,
 * `splitNorms`, `rateInMomentum`, `clip` → `[update, velocity]`. One dispatch up to 8192 values, else two; norms are sums in float32, as a tree.
 */
export function larsKernel(runtime: Runtime): KernelTable {
  return {
    SelfsupLarsUpdate(inputs, attrs) {
      const names = ['gradient', 'velocity', 'variable'];
      const { shape } = input(inputs, 'gradient');
      requireShapes('SelfsupLarsUpdate', inputs, Object.fromEntries(names.map((name) => [name, shape])));
      const [gradient, velocity, variable] = names.map((name) => input(inputs, name)) as [TensorInfo, TensorInfo, TensorInfo];
      const options = numbers(attrs, { learningRate: 0, momentum: 0.9, weightDecay: 0, trustCoefficient: 0.001, epsilon: 0 });
      const flags = ['splitNorms', 'rateInMomentum', 'clip'].map((name) => [name, Number(attrs[name] === true)] as const);
      const size = util.sizeFromShape(shape);
      const chunk = size <= SMALL ? size : Math.max(SMALL / 4, Math.ceil(size / THREADS));
      const blocks = size === 0 ? 0 : Math.ceil(size / chunk);
      const uniforms = { size, chunk, blocks, ...options, ...Object.fromEntries(flags) };
      return produce(runtime, [shape, shape], (outputs) => {
        if (size === 0) return;
        const on = { outputs, uniforms, groups: blocks };
        if (blocks === 1) {
          runtime.dispatch(atOnce, { ...on, inputs: [gradient, velocity, variable] });
          return;
        }
        withScratch(runtime, 2 * blocks, (parts) => {
          runtime.dispatch(norms, { ...on, inputs: [gradient, variable], outputs: [parts] });
          runtime.dispatch(ofParts, { ...on, inputs: [gradient, velocity, variable, parts] });
        });
      });
    },
  };
}

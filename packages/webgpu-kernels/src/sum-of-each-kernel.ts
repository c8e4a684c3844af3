import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { refuse } from './operands.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { produce, withScratch, type KernelTable, type Runtime } from './runtime.ts';

const THREADS = 256;
/** Tensors of a dispatch: a program may bind 8 buffers, and one takes the sums. */
const TOGETHER = 7;
/** Up to so many values one workgroup takes a whole tensor. */
const SMALL = 8192;
/** Workgroups for each tensor where one of them is larger. */
const BLOCKS = 32;

const numbered = (count: number, name: string): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`);

/** Sums of `count` tensors in `u.blocks` parts each, from place `u.first` on. */
const sums = Array.from({ length: TOGETHER + 1 }, (_, count): Program => {
  const branches = numbered(count, '').map(
    (t) => `
  if (which == ${t}u) {
    let chunk = (u.size${t} + u.blocks - 1u) / u.blocks;
    let end = min((block + 1u) * chunk, u.size${t});
    for (var i = block * chunk + thread; i < end; i += ${THREADS}u) { sum += x${t}[i]; }
  }`,
  );
  return {
    name: `SelfsupSumOfEach ${count}`,
    inputs: Object.fromEntries(numbered(count, 'x').map((name) => [name, 'f32' as const])),
    outputs: ['parts'],
    uniforms: { first: 'u32', blocks: 'u32', ...Object.fromEntries(numbered(count, 'size').map((name) => [name, 'u32' as const])) },
    threads: THREADS,
    declarations: reduction({ name: 'total', threads: THREADS, width: 1 }),
    body: `
  let which = group / u.blocks;
  let block = group % u.blocks;
  var sum = 0.0;
  ${branches.join('')}
  let sum0 = total(sum, thread);
  if (thread == 0u) { parts[u.first * u.blocks + group] = sum0; }`,
  };
});

const addParts = elementwise({
  name: 'SelfsupSumOfEach of parts',
  inputs: { parts: 'f32' },
  outputs: ['y'],
  uniforms: {},
  body: `
  var sum = 0.0;
  for (var b = 0u; b < ${BLOCKS}u; b++) { sum += parts[i * ${BLOCKS}u + b]; }
  y[i] = sum;`,
});

/**
 * SelfsupSumOfEach: inputs `x0`, `x1`, …, float32 of any shapes, none empty → their sums, `[inputs]`. Seven tensors a dispatch, and one more where a tensor
 * has more than 8192 values.
 */
export function sumOfEachKernel(runtime: Runtime): KernelTable {
  return {
    SelfsupSumOfEach(inputs) {
      const tensors = Object.values(inputs) as TensorInfo[];
      const sizes = tensors.map(({ shape }) => util.sizeFromShape(shape));
      const bad = tensors.findIndex(({ dtype }, i) => dtype !== 'float32' || sizes[i] === 0);
      if (bad >= 0)
        refuse('SelfsupSumOfEach', `\`x${bad}\` must be float32 with values`, `${tensors[bad]!.dtype} [${tensors[bad]!.shape.join(', ')}]`);
      const blocks = sizes.every((size) => size <= SMALL) ? 1 : BLOCKS;
      const fill = (parts: TensorInfo): void => {
        for (let first = 0; first < tensors.length; first += TOGETHER) {
          const some = tensors.slice(first, first + TOGETHER);
          const ofThem = Object.fromEntries(some.map((_, i) => [`size${i}`, sizes[first + i]!]));
          const uniforms = { first, blocks, ...ofThem };
          runtime.dispatch(sums[some.length]!, { inputs: some, outputs: [parts], uniforms, groups: some.length * blocks });
        }
      };
      return produce(runtime, [[tensors.length]], ([y]) => {
        if (blocks === 1) {
          fill(y!);
          return;
        }
        withScratch(runtime, blocks * tensors.length, (parts) => {
          fill(parts);
          addParts(runtime, { inputs: [parts], outputs: [y!], uniforms: {} });
        });
      })[0]!;
    },
  };
}

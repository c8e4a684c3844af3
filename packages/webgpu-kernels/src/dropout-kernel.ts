import { util } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input, refuse } from './operands.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const STEPS = 2 ** 16;
/** Half-words in a block of the stream. */
const PER_BLOCK = 4;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Twenty rounds of Threefry-2x32 in five groups, each followed by an injection of the key. */
const rounds = [0, 1, 2, 3, 4].map((group) => {
  const mixes = ROTATIONS[group % 2]!.map((bits) => `a += b; b = ((b << ${bits}u) | (b >> ${32 - bits}u)) ^ a;`);
  const [first, second] = [(group + 1) % 3, (group + 2) % 3];
  return `${mixes.join(' ')} a += key[${first}]; b += key[${second}] + ${group + 1}u;`;
});

const drop = elementwise({
  name: 'SelfsupDropout',
  inputs: { x: 'f32' },
  outputs: ['y'],
  uniforms: { length: 'u32', key0: 'u32', key1: 'u32', first: 'u32', threshold: 'u32', factor: 'f32' },
  body: `
  let key = vec3<u32>(u.key0, u.key1, 0x1bd11bdau ^ u.key0 ^ u.key1);
  var a = u.first + i + key[0];
  var b = key[1];
  ${rounds.join('\n  ')}
  let halves = vec4<u32>(a & 0xffffu, a >> 16u, b & 0xffffu, b >> 16u);
  for (var h = 0u; h < ${PER_BLOCK}u; h++) {
    let at = ${PER_BLOCK}u * i + h;
    if (at < u.length) { y[at] = select(x[at] * u.factor, 0.0, halves[h] < u.threshold); }
  }`,
});

/**
 * SelfsupDropout: input `x`, attributes `rate`, a multiple of 2⁻¹⁶ below 1, `key0` and `key1`, the key of a Threefry stream, and `firstBlock`, its first
 * counter (default 0) → `y`: x/(1 − rate) where the half-word of the stream (the low half of a word first) is at least rate · 2¹⁶, and 0 elsewhere.
 */
export function dropoutKernel(runtime: Runtime): KernelTable {
  return {
    SelfsupDropout(inputs, attrs) {
      const x = input(inputs, 'x');
      const { rate, key0, key1, firstBlock = 0 } = attrs as { rate: number; key0: number; key1: number; firstBlock?: number };
      const threshold = rate * STEPS;
      if (x.dtype !== 'float32' || !Number.isInteger(threshold) || threshold < 0 || threshold >= STEPS) {
        const expected = 'expected a float32 `x` and a `rate` in [0, 1) that is a multiple of 2⁻¹⁶';
        refuse('SelfsupDropout', expected, `${x.dtype} and ${rate}`);
      }
      const length = util.sizeFromShape(x.shape);
      return produce(runtime, [x.shape], (outputs) => {
        const uniforms = { length, key0, key1, first: firstBlock, threshold, factor: 1 / (1 - rate) };
        drop(runtime, { inputs: [x], outputs, uniforms, count: Math.ceil(length / PER_BLOCK) });
      })[0]!;
    },
  };
}

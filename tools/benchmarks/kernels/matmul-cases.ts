import * as tf from '@tensorflow/tfjs-core';
import { randomTensor, type KernelCase } from './measure.ts';

const flops = (m: number, n: number, k: number): number => (2 * m * n * k) / 1e9;

/** Square products in the transposes that training needs, attention's batched product, and the wide ones of a language model. */
export function matmulCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const size of [512, 1024]) {
    const [a, b] = [randomTensor<tf.Rank.R2>([size, size], 1), randomTensor<tf.Rank.R2>([size, size], 2)];
    for (const [name, transposeA, transposeB] of [
      ['A·B', false, false],
      ['Aᵀ·B', true, false],
      ['A·Bᵀ', false, true],
    ] as const)
      cases.push({
        name: `${name} ${size}`,
        work: flops(size, size, size),
        unit: 'GFLOP/s',
        run: () => tf.matMul(a, b, transposeA, transposeB),
      });
  }
  const q = randomTensor<tf.Rank.R3>([32, 128, 64], 3);
  cases.push({ name: 'batched 32×128×64×128', work: 32 * flops(128, 128, 64), unit: 'GFLOP/s', run: () => tf.matMul(q, q, false, true) });
  const hidden = randomTensor<tf.Rank.R2>([614, 256], 4);
  const words = randomTensor<tf.Rank.R2>([30522, 256], 5);
  const logits = randomTensor<tf.Rank.R2>([614, 30522], 6);
  const wide = { work: flops(614, 30522, 256), unit: 'GFLOP/s' } as const;
  cases.push({ name: 'vocabulary 614×256·(30522×256)ᵀ', ...wide, run: () => tf.matMul(hidden, words, false, true) });
  cases.push({ name: 'its gradient to the states', ...wide, run: () => tf.matMul(logits, words) });
  cases.push({ name: 'its gradient to the words', ...wide, run: () => tf.matMul(logits, hidden, true) });
  return cases;
}

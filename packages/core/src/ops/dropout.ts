import * as tf from '@tensorflow/tfjs-core';
import { drawnStacks, streamKey, wordsFrom, type DrawnStack } from '../draws.ts';
import { SelfsupError } from '../error.ts';
import type { Rng } from '../rng.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupDropout';
const STEPS = 2 ** 16;

/** Half-words in a block of Threefry. */
const PER_BLOCK = 4;

/** The mask as factors: element i survives where half-word `from + i` of the stream (the low half of a word first) reaches `rate`. */
function factors({ stream, from, count }: DrawnStack, rate: number): Float32Array {
  const skipped = from % 2;
  const words = wordsFrom(stream, (from - skipped) / 2, Math.ceil((skipped + count) / 2));
  const [threshold, factor] = [rate * STEPS, 1 / (1 - rate)];
  return Float32Array.from({ length: count }, (_, i) => {
    const at = skipped + i;
    return ((words[at >> 1]! >>> ((at & 1) << 4)) & 0xffff) < threshold ? 0 : factor;
  });
}

/** Thins the rows of one stack. Kernels begin with a whole block of the stream, which the parts of a batch seldom miss. */
function dropStack(x: tf.Tensor, stack: DrawnStack, rate: number): tf.Tensor {
  if (!hasKernel(KERNEL) || stack.from % PER_BLOCK !== 0) return tf.tidy(() => tf.mul(x, tf.tensor(factors(stack, rate), x.shape)));
  const [key0, key1] = streamKey(stack.stream);
  return runKernel<tf.Tensor>(KERNEL, { x }, { rate, key0, key1, firstBlock: stack.from / PER_BLOCK });
}

/**
 * Inverted dropout: each element is 0 with probability `rate`, and x/(1 − rate) otherwise.
 *
 * @param x float32, any shape
 * @param options `rate` in [0, 1), taken as the nearest multiple of 2⁻¹⁶ below 1; `rng`, the stream that the mask is a pure function of
 * @returns float32, the shape of `x`; a clone of it where the rate is 0
 * @throws SelfsupError `SELFSUP_OPTION` on a rate outside [0, 1)
 * @see Srivastava et al.: "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, https://jmlr.org/papers/v15/srivastava14a.html
 * @remarks The same rng gives the same mask on every backend, to the bit, and a longer input starts with the mask of the shorter one; parts of a
 * batch get the masks of their rows, see `Rng`. No mask is kept: the
 * gradient draws it again. Runs the kernel `SelfsupDropout` where the backend has it; elsewhere the mask is drawn in JavaScript and uploaded.
 */
export function dropout<T extends tf.Tensor>(x: T, options: { rate: number; rng: Rng }): T {
  const { rng } = options;
  if (!(options.rate >= 0 && options.rate < 1))
    throw new SelfsupError('SELFSUP_OPTION', `dropout: \`rate\` must be in [0, 1), got ${options.rate}`);
  const rate = Math.min(Math.round(options.rate * STEPS), STEPS - 1) / STEPS;
  if (rate === 0) return tf.clone(x);
  const drop = (input: tf.Tensor): tf.Tensor => {
    const stacks = drawnStacks(rng, input.size);
    if (stacks.length === 1) return dropStack(input, stacks[0]!, rate);
    return tf.tidy(() => tf.concat(tf.split(input, stacks.length).map((part, i) => dropStack(part, stacks[i]!, rate))));
  };
  const thin = tf.customGrad((input) => ({ value: drop(input as tf.Tensor), gradFunc: drop }));
  return thin(x) as T;
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, abandonTape } from '@selfsup/core';

/** A tiny gradient whose value is known: its name, the numbers it should give, and how to compute them. */
interface Proof {
  readonly what: string;
  readonly expected: readonly number[];
  compute: () => tf.Tensor;
}

const CURES: Readonly<Record<string, string>> = {
  wasm: 'install @selfsup/wasm-kernels and leave `trainingKernels` on',
  cpu: "selectBackend({ prefer: 'cpu' }) repairs it, and so does the set-up of cpu in `builtinBackends`",
};
const ONE_CORE = `do all packages use @tensorflow/tfjs-core ${tf.version_core}? \`npm ls @tensorflow/tfjs-core\` shows them, \`npm dedupe\` or the same version everywhere mends it`;

/** What helps where a proof throws. */
function cureOf(error: unknown, otherwise: string): string {
  if (error instanceof Error && error.message.includes('gradient function not found'))
    return 'no gradients are registered: call `registerGradients()` first, as `selectBackend` does, or import @tensorflow/tfjs';
  return error instanceof TypeError ? ONE_CORE : otherwise; // a kernel asks for what its own version has
}

const ramp = (shape: number[], start: number) => tf.reshape(tf.range(start, start + shape.reduce((a, b) => a * b, 1), 1, 'float32'), shape);

// x = 0 … 8 as 3×3, filter 2×2 of −1 … 2, stride 1, valid; the loss weighs the four outputs by 1 … 4
const convolution = (filter: tf.Tensor, x: tf.Tensor) =>
  tf.sum(tf.mul(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid'), ramp([1, 2, 2, 1], 1)));

const PROOFS: readonly Proof[] = [
  {
    what: 'sums of 32-bit floats',
    expected: [1], // (1 + 2⁻²⁰) − 1, times 2²⁰; enough of them that no backend takes them for small change of its CPU
    compute: () => tf.min(tf.mul(tf.sub(tf.add(tf.fill([512], 2 ** -20), 1), 1), 2 ** 20)),
  },
  {
    what: 'the filter gradient of a convolution',
    expected: [27, 37, 57, 67], // Σ weight · x over the four positions of each tap
    compute: () => tf.grad((filter) => convolution(filter, ramp([1, 3, 3, 1], 0)))(ramp([2, 2, 1, 1], -1)),
  },
  {
    what: 'the input gradient of a convolution',
    expected: [-1, -2, 0, -2, 0, 4, 3, 10, 8], // the 2×2 filter of −1 … 2, scattered with weights 1 … 4
    compute: () => tf.grad((x) => convolution(ramp([2, 2, 1, 1], -1), x))(ramp([1, 3, 3, 1], 0)),
  },
  {
    what: 'the gradient of a max-pool over negative values',
    expected: [0, 0, 0, 1], // the largest of −4 … −1 is the last
    compute: () => tf.grad((x) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')))(ramp([1, 2, 2, 1], -4)),
  },
  {
    what: 'the gradient of a gather',
    expected: [0, 0, 2, 2, 1, 1], // row 1 is gathered twice, row 2 once
    compute: () => tf.grad((x) => tf.sum(tf.gather(x, tf.tensor1d([1, 2, 1], 'int32'))))(ramp([3, 2], 0)),
  },
  {
    what: 'the gradient of an average-pool over the edge',
    expected: [0.25, 1.25, 1.75, 6.75], // windows of 4, 2, 2 and 1 pixels with weights 1 … 4
    compute: () => tf.grad((x) => tf.sum(tf.mul(tf.avgPool(x as tf.Tensor4D, 2, 1, 'same'), ramp([1, 2, 2, 1], 1))))(ramp([1, 2, 2, 1], 0)),
  },
  {
    what: 'the gradient of upsampling two images',
    expected: [14, 22, 46, 54], // each pixel is the source of a square of 2×2 among the weights 1 … 16
    compute: () =>
      tf.grad((x) => tf.sum(tf.mul(tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 4]), ramp([2, 2, 4, 1], 1))))(
        ramp([2, 1, 2, 1], 0),
      ),
  },
  {
    what: 'the product of long rows by a transposed matrix',
    expected: [300, 2348, 4396, 6444], // row 3 has its only 1 at 300, so that it takes place 300 out of each row of 2048 numbers
    compute: () => {
      const picking = tf.oneHot(tf.mul(tf.range(0, 16, 1, 'int32'), tf.scalar(100, 'int32')), 2048);
      return tf.slice(tf.matMul(tf.cast(picking, 'float32'), ramp([16, 2048], 0), false, true), [3, 0], [1, 4]);
    },
  },
];

/**
 * Proves on tiny gradients that the current backend can train: convolution, max-pool of negative inputs, gather, average-pool over the edge, upsampling, and a
 * product of long rows.
 *
 * @throws SelfsupError `SELFSUP_BACKEND` naming the backend, what it cannot compute or computes wrongly, and the cure
 * @example
 * ```ts
 * import { proveBackend, registerGradients } from '@selfsup/backends';
 * import { registerTrainingKernels } from '@selfsup/wasm-kernels';
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * await tf.setBackend('wasm');
 * await registerGradients();
 * await registerTrainingKernels();
 * await proveBackend();
 * ```
 */
export async function proveBackend(): Promise<void> {
  const cure = CURES[tf.getBackend()] ?? 'choose another backend';
  for (const { what, expected, compute } of PROOFS) {
    const who = `proveBackend: backend '${tf.getBackend()}'`;
    let got: Float32Array;
    try {
      const result = tf.tidy(compute);
      got = (await result.data()) as Float32Array;
      result.dispose();
    } catch (cause) {
      abandonTape();
      throw new SelfsupError(
        'SELFSUP_BACKEND',
        `${who} cannot compute ${what} (${(cause as Error).message.replace(/\.$/, '')}); ${cureOf(cause, cure)}`,
        { cause },
      );
    }
    const right =
      got.length === expected.length && expected.every((value, i) => Math.abs(value - got[i]!) <= 1e-4 * Math.max(1, Math.abs(value)));
    if (!right)
      throw new SelfsupError(
        'SELFSUP_BACKEND',
        `${who} computes ${what} wrongly: expected [${expected.join(', ')}], got [${got.join(', ')}]; ${cure}`,
      );
  }
}

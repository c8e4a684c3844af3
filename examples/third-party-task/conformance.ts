// Makes the checks of @selfsup/testing on the task of denoising.ts: npm -w examples/third-party-task run conformance
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { linear, sequential, stateless } from '@selfsup/encoders';
import { conformanceChecks } from '@selfsup/testing';
import * as tf from '@tensorflow/tfjs-core';
import { denoising } from './denoising.ts';

const [rows, size] = [6, 4];
await selectBackend();
const checks = conformanceChecks({
  task: denoising({
    backbone: sequential<tf.Tensor4D, tf.Tensor2D>({
      flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
      dense: linear({ inputDim: size * size * 3, outputDim: 8 }),
      tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
    }),
    decoder: linear({ inputDim: 8, outputDim: size * size * 3 }),
  }),
  batchAt: (step) => ({ images: tf.tensor4d(drawUniform(createRng(1).fold(step), rows * size * size * 3), [rows, size, size, 3]) }),
  skip: { ranks: 'every rank draws noise of its own' },
});

for (const { name, skipped, run } of checks) {
  try {
    await run();
    console.log(skipped === undefined ? `passed  ${name}` : `skipped ${name}: ${skipped}`);
  } catch (error) {
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

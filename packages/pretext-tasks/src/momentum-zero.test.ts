import { createRng, drawNormal } from '@selfsup/core';
import { linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { context, descend } from '../fixtures/tiny-networks.ts';
import { moco } from './moco.ts';

const [side, chans, dim, out] = [4, 2, 16, 8];
const pixels = side * side * chans;
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], -1])),
  linear1: linear({ inputDim: pixels, outputDim: 32 }),
  relu: stateless((x: tf.Tensor2D) => tf.relu(x)),
  linear2: linear({ inputDim: 32, outputDim: dim }),
});
const classes = 16;
const centers = drawNormal(createRng(7), classes * 6);
const basis = drawNormal(createRng(8), 6 * pixels);
function images(rows: number[], tag: string, seed: number): tf.Tensor4D {
  return tf.tidy(() => {
    const c = tf.gather(tf.tensor2d(centers, [classes, 6]), rows);
    const signal = tf.matMul(c, tf.tensor2d(basis, [6, pixels]));
    const nuis = tf.tensor2d(drawNormal(createRng(seed).fold(tag), rows.length * pixels), [rows.length, pixels]);
    return tf.reshape(tf.add(signal, tf.mul(nuis, NOISE)), [rows.length, side, side, chans]);
  });
}
const NOISE = Number(process.env['NOISE'] ?? 3);
const RATE = Number(process.env['RATE'] ?? 0.3);
const T = Number(process.env['TEMP'] ?? 0.2);
const steps = 200;
const batch = 16;
async function train(momentum: number, seed: number) {
  const run = moco({ backbone, projectionHead: projectionHead({ inputDim: dim, hiddenDim: 16, outputDim: out }), outputDim: out, queueSize: 256, momentum, shuffleGroups: 1, temperature: T }).create({ rng: createRng(seed), totalSteps: steps });
  const losses: number[] = [], acc: number[] = [], z: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = Array.from({ length: batch }, (_, i) => (i * 7 + step * 3) % classes);
    const views = [images(rows, `a${step}`, seed), images(rows, `b${step}`, seed)];
    const { loss, metrics } = descend(run, { views }, { context: context({ step }), rate: RATE });
    tf.dispose(views);
    losses.push(loss); acc.push(metrics['accuracy']!); z.push(metrics['zStd']!);
  }
  // nearest class mean
  const evalAcc = tf.tidy(() => {
    const rows = Array.from({ length: 320 }, (_, i) => i % classes);
    const f = (tag: string) => { const y = run.backbone.apply(images(rows, tag, 99), { training: false }) as tf.Tensor2D; return tf.div(y, tf.norm(y, 2, 1, true)); };
    const sim = tf.matMul(f('train') as tf.Tensor2D, f('test') as tf.Tensor2D, false, true);
    const oh = tf.cast(tf.oneHot(tf.tensor1d(rows, "int32"), classes), "float32");
    const w = tf.exp(tf.mul(sim, 10)); // train x test
    const votes = tf.matMul(w as tf.Tensor2D, oh as tf.Tensor2D, true, false);
    return tf.mean(tf.cast(tf.equal(tf.argMax(votes, 1), tf.tensor1d(rows, 'int32')), 'float32')).dataSync()[0]!;
  });
  run.dispose();
  const tail = (x: number[]) => x.slice(-100);
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  const sd = (x: number[]) => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));
  return { m: momentum, seed, knn: evalAcc.toFixed(3), loss: mean(tail(losses)).toFixed(3), lsd: sd(tail(losses)).toFixed(3), max: Math.max(...losses).toFixed(2), acc: mean(tail(acc)).toFixed(3), z: mean(tail(z)).toFixed(3) };
}
it('explores', async () => {
  for (const seed of [0, 1, 2]) for (const m of [0, 0.9, 0.99]) console.log(JSON.stringify(await train(m, seed)));
});

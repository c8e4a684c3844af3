// `node --conditions=@selfsup/source tools/benchmarks/queue-step.ts [nnclr|swav] [steps] [batch]`: the median time of a training step of a task whose queue
// is filled with its own projections: conv-net, two 32×32 views, a full queue of 1024, SGD, on the wasm backend. It reads nothing but public API, so that it
// can be run on another checkout too: alternate the two and compare medians.
import { selectBackend } from '@selfsup/backends';
import { createRng, drawNormal } from '@selfsup/core';
import { convNet, projectionHead, prototypes } from '@selfsup/encoders';
import { nnclr } from '@selfsup/pretext-tasks/nnclr';
import { swav } from '@selfsup/pretext-tasks/swav';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const [name = 'nnclr', steps = '11', batch = '128'] = process.argv.slice(2);
const [size, outputDim, queueSize] = [32, 64, 1024];
const { description } = await selectBackend({ prefer: 'wasm' });
const backbone = convNet({ channels: 3 });
const networks = {
  backbone,
  projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim, batchNorm: true }),
};
const tasks = {
  nnclr: nnclr({
    ...networks,
    predictionHead: projectionHead({ inputDim: outputDim, hiddenDim: 256, outputDim, batchNorm: true }),
    outputDim,
    queueSize,
  }),
  swav: swav({ ...networks, prototypes: prototypes({ inputDim: outputDim, numPrototypes: 300 }), queueSize }),
};
if (!(name === 'nnclr' || name === 'swav')) throw new Error(`queue-step: the task must be nnclr or swav, got ${name}`);
const optimizer = sgd({ learningRate: 0.05, momentum: 0.9 });
const common = { optimizer, totalSteps: 1000, seed: 0 };
const trainer = name === 'nnclr' ? createTrainer({ ...common, task: tasks.nnclr }) : createTrainer({ ...common, task: tasks.swav });

const warmUp = Math.ceil(queueSize / Number(batch)) + 1; // then the queue is full
const times: number[] = [];
for (let step = 0; step < warmUp + Number(steps); step++) {
  const views = ['first', 'second'].map((view) => {
    const values = drawNormal(createRng(0).fold(step).fold(view), Number(batch) * size * size * 3);
    return tf.tensor4d(values, [Number(batch), size, size, 3]);
  });
  const start = performance.now();
  const { loss } = await trainer.trainStep({ views });
  const time = performance.now() - start;
  tf.dispose(views);
  if (step >= warmUp) times.push(time);
  if (step === warmUp) process.stderr.write(`${name}: loss ${loss.toFixed(4)} at step ${step}\n`);
}
trainer.dispose();
const sorted = times.toSorted((a, b) => a - b);
const [median, fastest] = [sorted[sorted.length >> 1]!, sorted[0]!];
console.log(`${name}, batch ${batch}, ${steps} steps: median ${median.toFixed(0)} ms, fastest ${fastest.toFixed(0)} ms (${description})`);

import { createRng, drawNormal } from '@selfsup/core';
import { projectionHead, resnet18 } from '@selfsup/encoders';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeStepCase, StepOptions } from './step-case.ts';
import { timeStep } from './time-step.ts';

const SIZE = 32;

/** A trainer of SimCLR with ResNet-18 and the CIFAR stem, and batches of two views of random images for it. */
export function simclrTrainer(options: StepOptions = {}) {
  const backbone = resnet18({ stem: 'cifar' });
  const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 128 });
  const trainer = createTrainer({
    task: simclr({ backbone, projectionHead: head, temperature: 0.5 }),
    optimizer: sgd({ learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4 }),
    totalSteps: 1000,
    seed: 0,
    ...options,
  });
  const rng = createRng(0).fold('images');
  const viewsOf = (batch: number) => ({
    views: ['first', 'second'].map((name) => {
      const values = drawNormal(rng.fold(trainer.step).fold(name), batch * SIZE * SIZE * 3);
      return tf.tensor4d(values, [batch, SIZE, SIZE, 3]);
    }),
  });
  return { trainer, viewsOf };
}

/** SimCLR of ResNet-18 with the CIFAR stem on two views of random images, SGD with momentum and weight decay: the work of torch_simclr.py. */
export const simclrStep: MakeStepCase = (batch, options) => {
  const { trainer, viewsOf } = simclrTrainer(options);
  return {
    name: 'simclr',
    description: `SimCLR, ResNet-18 with CIFAR stem, batch ${batch} of two ${SIZE}×${SIZE} views, SGD`,
    unit: 'images',
    perStep: batch,
    peer: (steps, threads) => ({ file: 'torch_simclr.py', args: [`${threads}`, `${batch}`, `${steps}`] }),
    run: () => timeStep(trainer, viewsOf(batch)),
    dispose: () => {
      trainer.dispose();
    },
  };
};

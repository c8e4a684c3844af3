// On the wasm backend with its training kernels: tfjs's cpu backend needs minutes for one ResNet-18 step.
import '@tensorflow/tfjs-backend-wasm';
import { createRng, type Module } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import cifar from '../fixtures/resnet18-cifar.json' with { type: 'json' };
import group from '../fixtures/resnet18-group-norm.json' with { type: 'json' };
import imagenet from '../fixtures/resnet18-imagenet.json' with { type: 'json' };
import bottleneck from '../fixtures/resnet50-imagenet.json' with { type: 'json' };
import { compareWithFixture } from './parity/compare-with-fixture.ts';
import { resnet18, resnet50 } from './resnet.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});

const parameters = ({ trainable }: Pick<Module, 'trainable'>) => Object.values(trainable).reduce((sum, variable) => sum + variable.size, 0);

test.each([
  ['ResNet-18 with the CIFAR stem', cifar, resnet18({ stem: 'cifar' }), 11_168_832],
  ['ResNet-18 with the ImageNet stem', imagenet, resnet18(), 11_176_512],
  ['ResNet-18 with group norm', group, resnet18({ stem: 'cifar', norm: 'group' }), 11_168_832],
  ['ResNet-50 with the ImageNet stem', bottleneck, resnet50(), 23_508_032],
] as const)(
  '%s equals PyTorch: outputs, running statistics, all gradients, parameter count',
  async (_, expected, factory, count) => {
    const encoder = factory(createRng(0));
    expect(parameters(encoder)).toBe(count);
    expect(factory.outputDim).toBe(expected.outputShape[1]);
    const deviations = await compareWithFixture(encoder, expected);
    for (const [path, deviation] of Object.entries(deviations)) expect(deviation, path).toBeLessThan(1e-4);
    encoder.dispose();
  },
  300_000,
);

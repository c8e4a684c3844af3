import * as tf from '@tensorflow/tfjs-core';
import { randomTensor, type KernelCase } from './measure.ts';

const BATCH = 32;

// side, channels, columns, kernel, stride: the layers of a ResNet-18 with the CIFAR stem
const LAYERS = [
  [32, 64, 64, 3, 1],
  [16, 128, 128, 3, 1],
  [8, 256, 256, 3, 1],
  [4, 512, 512, 3, 1],
  [32, 64, 128, 3, 2],
  [16, 128, 256, 3, 2],
  [8, 256, 512, 3, 2],
  [32, 64, 128, 1, 2],
  [32, 3, 64, 3, 1],
] as const;

/** Each layer in its three directions; the work is that of the direct convolution, whatever the algorithm. Weight transforms are part of a call. */
export function convolutionCases(): KernelCase[] {
  return LAYERS.flatMap(([side, channels, columns, kernel, stride]) => {
    const out = side / stride;
    const x = randomTensor<tf.Rank.R4>([BATCH, side, side, channels], 1);
    const filter = randomTensor<tf.Rank.R4>([kernel, kernel, channels, columns], 2);
    const dy = randomTensor<tf.Rank.R4>([BATCH, out, out, columns], 3);
    const around = kernel === 3 ? [1, 1] : [0, 0];
    const attrs = {
      strides: [stride, stride],
      pad: [[0, 0], around, around, [0, 0]],
      dataFormat: 'NHWC',
      dilations: [1, 1],
      dimRoundingMode: 'floor',
    };
    const name = `conv ${kernel}×${kernel}/${stride} ${channels}→${columns}, ${side}×${side}`;
    const work = (2 * BATCH * out * out * kernel * kernel * channels * columns) / 1e9;
    const direction = (label: string, kernelName: string, [inputs, extra]: [tf.NamedTensorMap, tf.NamedAttrMap]): KernelCase => ({
      name: label,
      work,
      unit: 'GFLOP/s',
      run: () => tf.engine().runKernel<tf.Tensor>(kernelName, inputs, { ...attrs, ...extra }),
    });
    return [
      direction(name, 'Conv2D', [{ x, filter }, {}]),
      direction(`${name}: input gradient`, 'Conv2DBackpropInput', [{ dy, filter }, { inputShape: x.shape }]),
      direction(`${name}: filter gradient`, 'Conv2DBackpropFilter', [{ x, dy }, { filterShape: filter.shape }]),
    ];
  });
}

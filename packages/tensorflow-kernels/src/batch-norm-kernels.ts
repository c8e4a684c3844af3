import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { compute, type Operations } from './compute.ts';
import type { KernelTable } from './kernel.ts';
import type { Handle } from './tensorflow-backend.ts';

/** TensorFlow wants four axes: all but the channels become one. */
const asImage = ({ shape }: TensorInfo): number[] => {
  const channels = shape[shape.length - 1]!;
  return shape.length === 4 ? shape : [1, 1, util.sizeFromShape(shape) / channels, channels];
};

const normAttributes = ({ attribute }: Operations, epsilon: number, isTraining: boolean) => [
  attribute.type('T', 'float'),
  attribute.type('U', 'float'),
  attribute.float('epsilon', epsilon),
  attribute.string('data_format', 'NHWC'),
  attribute.bool('is_training', isTraining),
];

/**
 * Batch normalization in training, channels last, by `FusedBatchNormV3` and `FusedBatchNormGradV3`.
 *
 * SelfsupBatchNorm: inputs `x [..., c]`, `scale [c]`, `offset [c]`, optionally `residual` like `x`, attributes `epsilon` and `activation` (`'linear'` or
 * `'relu'`) → `[y, mean, variance]`, the variance biased: TensorFlow's own is not.
 * SelfsupBatchNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, the same attributes → `[dx, dScale, dOffset]`. With `'relu'` the mask comes from
 * `offset` (a forward pass without residual) or from `y`; with `y` there is a fourth output, the residual's gradient.
 */
export const batchNormKernels: KernelTable = {
  SelfsupBatchNorm({ x, scale, offset, residual }, attrs, backend) {
    return compute(backend, (tf) => {
      const empty = tf.numbers([]);
      const image = tf.reshape(tf.input(x!), asImage(x!));
      const inputs = [image, tf.input(scale!), tf.input(offset!), empty, empty];
      const attributes = [...normAttributes(tf, attrs['epsilon'] as number, true), tf.attribute.float('exponential_avg_factor', 1)];
      const [normalized, mean, unbiased] = tf.runAll('FusedBatchNormV3', inputs, { attributes, outputs: 6 });
      const count = util.sizeFromShape(x!.shape) / scale!.shape[0]!;
      const variance = tf.run('Mul', [unbiased!, tf.numbers((count - 1) / count)]);
      const back = tf.reshape(normalized!, x!.shape);
      const sum = residual ? tf.run('AddV2', [back, tf.input(residual)]) : back;
      return [attrs['activation'] === 'relu' ? tf.run('Relu', [sum]) : sum, mean!, variance];
    });
  },
  SelfsupBatchNormGrad({ dy, x, y, mean, variance, scale, offset }, attrs, backend) {
    return compute(backend, (tf) => {
      const epsilon = attrs['epsilon'] as number;
      const shape = asImage(x!);
      const image = tf.reshape(tf.input(x!), shape);
      const statistics = [tf.input(mean!), tf.input(variance!)] as const;
      const outer = tf.reshape(tf.input(dy!), shape);
      const activated = (): Handle => {
        if (y) return tf.reshape(tf.input(y), shape);
        const inputs = [image, tf.input(scale!), tf.input(offset!), ...statistics];
        return tf.runAll('FusedBatchNormV3', inputs, { attributes: normAttributes(tf, epsilon, false), outputs: 6 })[0]!;
      };
      const isRelu = attrs['activation'] === 'relu';
      const passed = isRelu ? tf.run('ReluGrad', [outer, activated()]) : outer;
      // a GPU expects the inverse deviation in the place of the variance
      const spread = backend.isUsingGpuDevice ? tf.run('Rsqrt', [tf.run('AddV2', [statistics[1], tf.numbers(epsilon)])]) : statistics[1];
      const inputs = [passed, image, tf.input(scale!), statistics[0], spread, tf.numbers([])];
      const attributes = normAttributes(tf, epsilon, true);
      const [dx, dScale, dOffset] = tf.runAll('FusedBatchNormGradV3', inputs, { attributes, outputs: 5 });
      const gradients = [tf.reshape(dx!, x!.shape), dScale!, dOffset!];
      return isRelu && y ? [...gradients, tf.reshape(passed, x!.shape)] : gradients;
    });
  },
};

import * as tf from '@tensorflow/tfjs-core';
import { randomFrom, signedValues } from './wasm-under-test.ts';

/** The output and the gradients of a few kernels in a row, on the current backend; calls kernels by name, so that it needs no registered gradients. */
export async function trainingStep(): Promise<{ outputs: number[][] }> {
  const random = randomFrom(5);
  const tensor = (shape: number[]): tf.Tensor => tf.tensor(signedValues(random, shape).values, shape);
  const [x, filter, dy] = [tensor([2, 9, 9, 8]), tensor([3, 3, 8, 12]), tensor([2, 9, 9, 12])];
  const [scale, offset] = [tensor([12]), tensor([12])];
  const attrs = { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };
  const run = (name: string, inputs: tf.NamedTensorMap, extra: object = {}): tf.Tensor[] => {
    const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, { ...attrs, ...extra });
    return Array.isArray(result) ? result : [result];
  };
  const tensors = tf.tidy(() => {
    const [y] = run('Conv2D', { x, filter });
    const [dw] = run('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape });
    const [dx] = run('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape });
    const normal = run('SelfsupBatchNorm', { x: y!, scale, offset }, { epsilon: 1e-5 });
    return [y!, dw!, dx!, ...normal];
  });
  const outputs = await Promise.all(tensors.map(async (one) => [...(await one.data())]));
  tf.dispose([x, filter, dy, scale, offset, ...tensors]);
  return { outputs };
}

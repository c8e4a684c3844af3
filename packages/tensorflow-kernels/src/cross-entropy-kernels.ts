import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compute, type Operations } from './compute.ts';
import type { KernelTable } from './kernel.ts';
import type { Handle } from './tensorflow-backend.ts';

/** The loss of each row and its gradient, as if every label counted; which labels do; and the labels, those that do not as 0. */
function crossEntropy(tf: Operations, logits: TensorInfo, labels: TensorInfo): Record<'loss' | 'slope' | 'counts' | 'label', Handle> {
  const ints = [tf.attribute.type('T', 'int')];
  const given = tf.input(labels);
  const label = tf.run('Maximum', [given, tf.integers(0)], ints);
  const [loss, slope] = tf.runAll('SparseSoftmaxCrossEntropyWithLogits', [tf.input(logits), label], {
    attributes: [tf.attribute.type('T', 'float'), tf.attribute.type('Tlabels', 'int')],
    outputs: 2,
  });
  const isThere = tf.run('GreaterEqual', [given, tf.integers(0)], ints);
  const counts = tf.run('Cast', [isThere], [tf.attribute.type('SrcT', 'bool'), tf.attribute.type('DstT', 'float')]);
  return { loss: loss!, slope: slope!, counts, label };
}

/**
 * Cross entropy from integer labels by `SparseSoftmaxCrossEntropyWithLogits`; a negative label means that the row is ignored.
 *
 * SelfsupSoftmaxCrossEntropy: inputs `logits [n, classes]`, `labels` int32 `[n]` → `[losses, logSumExp]`, both `[n]`.
 * SelfsupSoftmaxCrossEntropyGrad: inputs `dy [n]`, `logits`, `labels` → `dLogits`.
 */
export const crossEntropyKernels: KernelTable = {
  SelfsupSoftmaxCrossEntropy({ logits, labels }, _attrs, backend) {
    return compute(backend, (tf) => {
      const { loss, counts, label } = crossEntropy(tf, logits!, labels!);
      const types = [tf.attribute.type('Tparams', 'float'), tf.attribute.type('Tindices', 'int'), tf.attribute.type('Taxis', 'int')];
      const picked = tf.run('GatherV2', [tf.input(logits!), label, tf.integers(1)], [...types, tf.attribute.int('batch_dims', 1)]);
      return [tf.run('MulNoNan', [loss, counts]), tf.run('AddV2', [loss, picked])];
    });
  },
  SelfsupSoftmaxCrossEntropyGrad({ dy, logits, labels }, _attrs, backend) {
    return compute(backend, (tf) => {
      const { slope, counts } = crossEntropy(tf, logits!, labels!);
      const weight = tf.reshape(tf.run('MulNoNan', [tf.input(dy!), counts]), [dy!.shape[0]!, 1]);
      return [tf.run('MulNoNan', [slope, weight])];
    })[0]!;
  },
};

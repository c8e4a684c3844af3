import { compute } from './compute.ts';
import type { KernelTable } from './kernel.ts';

/**
 * The softmax of attention, by `Softmax`. SelfsupMaskedSoftmax: inputs `x [..., keys]`, optionally `mask`, attribute `scale` → softmax(scale·x + mask); a row
 * that −∞ hides as a whole gives zeros. SelfsupMaskedSoftmaxGrad: inputs `dy`, `y`, attribute `scale` → dx.
 */
export const softmaxKernels: KernelTable = {
  SelfsupMaskedSoftmax({ x, mask }, attrs, backend) {
    const scale = (attrs['scale'] as number | undefined) ?? 1;
    return compute(backend, (tf) => {
      const scaled = scale === 1 ? tf.input(x!) : tf.run('Mul', [tf.input(x!), tf.numbers(scale)]);
      const scores = mask ? tf.run('AddV2', [scaled, tf.input(mask)]) : scaled;
      const largest = tf.reduce('Max', scores, { axes: [x!.shape.length - 1], keepDims: true });
      const isSeen = tf.run('NotEqual', [largest, tf.numbers(-Infinity)]);
      const seen = tf.run('Cast', [isSeen], [tf.attribute.type('SrcT', 'bool'), tf.attribute.type('DstT', 'float')]);
      return [tf.run('MulNoNan', [tf.run('Softmax', [scores]), seen])];
    })[0]!;
  },
  SelfsupMaskedSoftmaxGrad({ dy, y }, attrs, backend) {
    const scale = (attrs['scale'] as number | undefined) ?? 1;
    return compute(backend, (tf) => {
      const output = tf.input(y!);
      const outer = tf.input(dy!);
      const along = tf.reduce('Sum', tf.run('Mul', [outer, output]), { axes: [y!.shape.length - 1], keepDims: true });
      const dx = tf.run('Mul', [tf.run('Sub', [outer, along]), output]);
      return [scale === 1 ? dx : tf.run('Mul', [dx, tf.numbers(scale)])];
    })[0]!;
  },
};

import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { compute, type Operations } from './compute.ts';
import type { KernelTable } from './kernel.ts';
import type { Handle, TensorflowBackend } from './tensorflow-backend.ts';

/** The version of binding/selfsup_kernels.cc that these kernels call. */
const VERSION = 2;

/** Whether the binding has the operations of selfsup compiled in; on a GPU they are of no use. */
export function hasCompiledKernels({ binding, isUsingGpuDevice }: TensorflowBackend): boolean {
  if (isUsingGpuDevice) return false;
  try {
    const [{ id }] = binding.executeOp('SelfsupVersion', [], [], 1) as [Handle];
    const version = binding.tensorDataSync(id)[0];
    binding.deleteTensor(id);
    return version === VERSION;
  } catch {
    return false; // "Op type not registered"
  }
}

const isGiven = (tensor: TensorInfo | undefined): tensor is TensorInfo => tensor !== undefined;

/** Runs one operation: its inputs, those that are not given as empty ones, then numbers. */
function call(
  name: string,
  { inputs, options = [], outputs = 1 }: { inputs: readonly (TensorInfo | undefined)[]; options?: readonly number[]; outputs?: number },
  kept = outputs,
): (backend: TensorflowBackend) => TensorInfo[] {
  return (backend) =>
    compute(backend, (tf) => {
      const operands = inputs.map((tensor) => (isGiven(tensor) ? tf.input(tensor) : tf.numbers([])));
      const numbers = options.length > 0 ? [tf.numbers(options)] : [];
      return tf.runAll(name, [...operands, ...numbers], { attributes: [], outputs }).slice(0, kept);
    });
}

const isTanh = (attrs: Readonly<Record<string, unknown>>): number => (attrs['approximate'] === 'tanh' ? 1 : 0);
const isRelu = (attrs: Readonly<Record<string, unknown>>): number => (attrs['activation'] === 'relu' ? 1 : 0);
const number = (attrs: Readonly<Record<string, unknown>>, name: string, otherwise = 0): number =>
  (attrs[name] as number | undefined) ?? otherwise;

/** Rows of `x` as [outer, middle, inner], of which the mask is broadcast over the middle ones; core hands over no other masks. */
function layoutOf(x: TensorInfo, mask: TensorInfo | undefined): [outer: number, middle: number, inner: number] {
  const leading = x.shape.slice(0, -1);
  if (!mask) return [util.sizeFromShape(leading), 1, 1];
  const kept = [...Array.from({ length: x.shape.length - mask.shape.length }, () => 1), ...mask.shape];
  const axes = leading.map((_, axis) => axis).filter((axis) => kept[axis] === 1 && leading[axis] !== 1);
  const [first, last] = [axes[0] ?? leading.length, axes.at(-1) ?? leading.length - 1];
  const product = (from: number, to: number): number => util.sizeFromShape(leading.slice(from, to));
  return [product(0, first), product(first, last + 1), product(last + 1, leading.length)];
}

const softmax = (x: TensorInfo, mask: TensorInfo | undefined, scale: number) => (tf: Operations) => [
  tf.run(
    'SelfsupMaskedSoftmax',
    [tf.input(x), mask ? tf.input(mask) : tf.numbers([]), tf.integers(layoutOf(x, mask)), tf.numbers([scale])],
    [],
  ),
];

/**
 * The fused operations of `@selfsup/core` by those that `buildTensorflowBinding` compiles into the binding: names, inputs, attributes and outputs are those of
 * `@selfsup/wasm-kernels`.
 */
export const compiledKernels: KernelTable = {
  SelfsupBatchNorm: ({ x, scale, offset, residual }, attrs, backend) =>
    call('SelfsupBatchNorm', { inputs: [x, scale, offset, residual], options: [number(attrs, 'epsilon'), isRelu(attrs)], outputs: 3 })(
      backend,
    ),
  SelfsupBatchNormGrad({ dy, x, mean, variance, scale, offset, y }, attrs, backend) {
    const options = [number(attrs, 'epsilon'), isRelu(attrs)];
    const inputs = [dy, x, mean, variance, scale, offset, y];
    return call('SelfsupBatchNormGrad', { inputs, options, outputs: 4 }, options[1] === 1 && y ? 4 : 3)(backend);
  },
  SelfsupLayerNorm: ({ x, scale, offset }, attrs, backend) =>
    call('SelfsupLayerNorm', { inputs: [x, scale, offset], options: [number(attrs, 'epsilon', 1e-5)], outputs: 3 })(backend),
  SelfsupLayerNormGrad: ({ dy, x, mean, inverse, scale }, _attrs, backend) =>
    call('SelfsupLayerNormGrad', { inputs: [dy, x, mean, inverse, scale], outputs: 3 })(backend),
  SelfsupGelu: ({ x }, attrs, backend) => call('SelfsupGelu', { inputs: [x], options: [isTanh(attrs)] })(backend)[0]!,
  SelfsupGeluGrad: ({ dy, x }, attrs, backend) => call('SelfsupGeluGrad', { inputs: [dy, x], options: [isTanh(attrs)] })(backend)[0]!,
  SelfsupMaskedSoftmax: ({ x, mask }, attrs, backend) => compute(backend, softmax(x!, mask, number(attrs, 'scale', 1)))[0]!,
  SelfsupMaskedSoftmaxGrad: ({ dy, y }, attrs, backend) =>
    call('SelfsupMaskedSoftmaxGrad', { inputs: [dy, y], options: [number(attrs, 'scale', 1)] })(backend)[0]!,
  SelfsupSoftmaxCrossEntropy: ({ logits, labels }, _attrs, backend) =>
    call('SelfsupSoftmaxCrossEntropy', { inputs: [logits, labels], outputs: 2 })(backend),
  SelfsupSoftmaxCrossEntropyGrad: ({ dy, logits, labels, logSumExp }, _attrs, backend) =>
    call('SelfsupSoftmaxCrossEntropyGrad', { inputs: [dy, logits, labels, logSumExp] })(backend)[0]!,
  SelfsupSgdUpdate({ gradient, velocity, variable }, attrs, backend) {
    const options = [number(attrs, 'learningRate'), number(attrs, 'momentum'), number(attrs, 'weightDecay'), attrs['nesterov'] ? 1 : 0];
    if (!variable) options[2] = 0;
    return call('SelfsupSgdUpdate', { inputs: [gradient, velocity, variable], options, outputs: 2 }, velocity ? 2 : 1)(backend);
  },
  SelfsupAdamWUpdate({ gradient, firstMoment, secondMoment, variable }, attrs, backend) {
    const [beta1, beta2, count] = [number(attrs, 'beta1', 0.9), number(attrs, 'beta2', 0.999), number(attrs, 'count')];
    // m̂/(√v̂ + ε) = m · s / (√v + ε · r) with r = √(1 − β₂ᵗ), s = r/(1 − β₁ᵗ)
    const root = count > 0 ? Math.sqrt(1 - beta2 ** count) : 1;
    const factor = count > 0 ? root / (1 - beta1 ** count) : 1;
    const decay = variable ? number(attrs, 'weightDecay') : 0;
    const options = [
      number(attrs, 'learningRate'),
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      number(attrs, 'epsilon', 1e-8) * root,
      factor,
      decay,
    ];
    return call('SelfsupAdamWUpdate', { inputs: [gradient, firstMoment, secondMoment, variable], options, outputs: 3 })(backend);
  },
  SelfsupEmaUpdate({ old, fresh }, attrs, backend) {
    const momentum = number(attrs, 'momentum');
    return call('SelfsupEmaUpdate', { inputs: [old, fresh], options: [momentum, 1 - momentum] })(backend)[0]!;
  },
  SelfsupDropout({ x }, attrs, backend) {
    const { rate, key0, key1, firstBlock = 0 } = attrs as { rate: number; key0: number; key1: number; firstBlock?: number };
    return compute(backend, (tf) => [
      tf.run('SelfsupDropout', [tf.input(x!), tf.integers([key0, key1, rate * 2 ** 16, firstBlock]), tf.numbers([1 / (1 - rate)])], []),
    ])[0]!;
  },
};

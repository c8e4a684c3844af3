import * as tf from '@tensorflow/tfjs-core';
import { randomTensor, type KernelCase } from './measure.ts';

const ones = (size: number): tf.Tensor1D => tf.ones([size]);
const integers = (count: number, below: number): tf.Tensor1D =>
  tf.tensor1d(
    Array.from({ length: count }, (_, i) => (i * 7919) % below),
    'int32',
  );

/** What a case runs: the kernel, its inputs and attributes. */
type Call = readonly [kernelName: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs?: tf.NamedAttrMap];

/** Kernels that threads share, each by itself: passes together hide that one of two directions gains nothing. The work is the bytes that must be moved. */
export function singleCases(): KernelCase[] {
  const moved = (name: string, numbers: number, [kernelName, inputs, attrs = {}]: Call): KernelCase => ({
    name,
    work: (numbers * 4) / 1e9,
    unit: 'GB/s',
    run: () => tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernelName, { ...inputs }, attrs),
  });

  const values = 4 << 20;
  const [gradient, velocity, variable] = [1, 2, 3].map((seed) => randomTensor<tf.Rank.R1>([values], seed)) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const lars = { learningRate: 0.1, weightDecay: 1e-4, splitNorms: true };

  const table = randomTensor<tf.Rank.R2>([30522, 256], 4);
  const tokens = integers(16384, 30522);
  const perToken = randomTensor<tf.Rank.R2>([16384, 256], 5);

  const image = randomTensor<tf.Rank.R4>([32, 32, 32, 256], 6); // 8 M elements
  const half = randomTensor<tf.Rank.R4>([32, 16, 16, 256], 7);
  const filter = randomTensor<tf.Rank.R4>([3, 3, 256, 1], 8);
  const same = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' };
  const depthwise = (direction: string, [kernelName, inputs, attrs = {}]: Call): KernelCase => ({
    name: `depthwise 3×3, 256, 32×32: ${direction}`,
    work: (2 * 9 * image.size) / 1e9,
    unit: 'GFLOP/s',
    run: () => tf.engine().runKernel<tf.Tensor>(kernelName, { ...inputs }, { ...same, ...attrs }),
  });
  const pool = { filterSize: 2, strides: 2, pad: 'valid' };

  const groups = { mean: tf.zeros([32, 32]), variance: tf.ones([32, 32]) };
  const perChannel = { scale: ones(256), offset: tf.zeros([256]) };
  const numGroups = { numGroups: 32 };
  const rows = randomTensor<tf.Rank.R2>([16384, 256], 9);
  const perRow = { mean: tf.zeros([16384]), inverse: ones(16384) };
  const scores = randomTensor<tf.Rank.R4>([32, 4, 128, 128], 10);
  const logits = randomTensor<tf.Rank.R2>([614, 30522], 11);
  const labels = integers(614, 30522);

  return [
    moved('LARS update, 4 M values', 7 * values, ['SelfsupLarsUpdate', { gradient, velocity, variable }, lars]),
    moved('gather of rows, 16384×256 of 30522', 2 * perToken.size, ['GatherV2', { x: table, indices: tokens }, { axis: 0, batchDims: 0 }]),
    moved('segment sums, 16384×256 into 30522', perToken.size * 3 + table.size, [
      'UnsortedSegmentSum',
      { x: perToken, segmentIds: tokens },
      { numSegments: 30522 },
    ]),
    depthwise('forward', ['DepthwiseConv2dNative', { x: image, filter }]),
    depthwise('input gradient', ['DepthwiseConv2dNativeBackpropInput', { dy: image, filter }, { inputShape: image.shape }]),
    depthwise('filter gradient', ['DepthwiseConv2dNativeBackpropFilter', { x: image, dy: image }, { filterShape: filter.shape }]),
    moved('max pool 2×2, 8 M: forward', 1.25 * image.size, ['MaxPool', { x: image }, pool]),
    moved('max pool 2×2, 8 M: gradient', 2.25 * image.size, ['MaxPoolGrad', { dy: half, input: image, output: half }, pool]),
    moved('average pool 2×2, 8 M: forward', 1.25 * image.size, ['AvgPool', { x: image }, pool]),
    moved('average pool 2×2, 8 M: gradient', 1.25 * image.size, ['AvgPoolGrad', { dy: half, input: image }, pool]),
    moved('group norm, 8 M: forward', 3 * image.size, ['SelfsupGroupNorm', { x: image, ...perChannel }, numGroups]),
    moved('group norm, 8 M: gradient', 5 * image.size, [
      'SelfsupGroupNormGrad',
      { dy: image, x: image, ...groups, scale: perChannel.scale },
      numGroups,
    ]),
    moved('layer norm, 16384×256: forward', 2 * rows.size, ['SelfsupLayerNorm', { x: rows, ...perChannel }]),
    moved('layer norm, 16384×256: gradient', 3 * rows.size, [
      'SelfsupLayerNormGrad',
      { dy: perToken, x: rows, ...perRow, scale: perChannel.scale },
    ]),
    moved('softmax, 32×4×128×128: forward', 2 * scores.size, ['SelfsupMaskedSoftmax', { x: scores }, { scale: 0.125 }]),
    moved('softmax, 32×4×128×128: gradient', 3 * scores.size, ['SelfsupMaskedSoftmaxGrad', { dy: scores, y: scores }, { scale: 0.125 }]),
    moved('cross entropy, 614×30522: forward', logits.size, ['SelfsupSoftmaxCrossEntropy', { logits, labels }]),
    moved('cross entropy, 614×30522: gradient', 2 * logits.size, [
      'SelfsupSoftmaxCrossEntropyGrad',
      { dy: ones(614), logits, labels, logSumExp: tf.fill([614], 11) },
    ]),
  ];
}

import * as tf from '@tensorflow/tfjs-core';
import type { Collective } from '../collective.ts';
import { SelfsupError } from '../error.ts';
import {
  checkBatchNorm,
  normalizeBatch,
  normalizeBy,
  normGradients,
  type BatchNormParameters,
  type BatchNormResult,
  type NormAttributes,
  type NormGradients,
  type NormInputs,
  type NormSaved,
} from './batch-norm-passes.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

// The halves of SelfsupBatchNorm and of SelfsupBatchNormGrad, before ranks exchange what they found and after.
const [MOMENTS, APPLY] = ['SelfsupBatchMoments', 'SelfsupBatchNormBy'] as const;
const [SUMS, SPREAD] = ['SelfsupBatchNormSums', 'SelfsupBatchNormGradBy'] as const;

/** Parameters of {@link synchronizedBatchNorm}. */
export interface SynchronizedBatchNormParameters extends BatchNormParameters {
  /** The ranks that share their statistics; it must have `allGatherSync`. */
  collective: Collective;
}

/** What {@link synchronizedBatchNorm} returns: `mean` and `variance` are those of all ranks, and the same on each, to the bit. */
export interface SynchronizedBatchNormResult extends BatchNormResult {
  /** Values per channel on all ranks together. */
  readonly count: number;
}

type GatherSync = NonNullable<Collective['allGatherSync']>;

/** Values `[channels]` for each row of `x`. */
const countOf = (x: tf.Tensor, channels: number): number => x.size / channels;

/** Every rank's numbers, in rank order. */
function exchange(numbers: readonly tf.Tensor[], gather: GatherSync): tf.Tensor2D {
  return tf.tidy(() => gather(tf.reshape(tf.concat(numbers.map((part) => tf.reshape(part, [-1]))), [1, -1])));
}

/** Mean and biased variance of the values of all ranks from those of each, in float64. */
function combine(gathered: ArrayLike<number>, channels: number): { mean: Float32Array; variance: Float32Array; count: number } {
  const width = 2 * channels + 1; // means, variances, count
  const starts = Array.from({ length: gathered.length / width }, (_, rank) => rank * width);
  const sumOver = (valueOf: (count: number, start: number) => number) =>
    starts.reduce((sum, start) => sum + valueOf(gathered[start + width - 1]!, start), 0);
  const count = sumOver((own) => own);
  const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
  for (let c = 0; c < channels; c++) {
    const center = sumOver((own, start) => own * gathered[start + c]!) / count;
    mean[c] = center;
    variance[c] = sumOver((own, start) => own * (gathered[start + channels + c]! + (gathered[start + c]! - center) ** 2)) / count;
  }
  return { mean, variance, count };
}

/** activation((x − mean)/√(variance + epsilon) · scale + offset + residual) with given statistics: `tf.batchNorm` of wasm takes six times as long. */
function normalizeWith(
  { x, scale, offset, residual }: NormInputs,
  { mean, variance }: { mean: tf.Tensor; variance: tf.Tensor },
  { epsilon, activation }: NormAttributes,
): tf.Tensor {
  if (hasKernel(APPLY))
    return runKernel(APPLY, { x, scale, offset, mean, variance, ...(residual && { residual }) }, { epsilon, activation });
  return tf.tidy(() => {
    const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon))); // [c]
    let y = tf.sub(x, mean);
    const replace = (next: tf.Tensor) => {
      y.dispose(); // each is as large as x
      y = next;
    };
    replace(tf.mul(y, factor));
    replace(tf.add(y, offset));
    if (residual) replace(tf.add(y, residual));
    if (activation === 'relu') replace(tf.relu(y));
    return y;
  });
}

/** Mean and biased variance of this rank's rows. */
function momentsOf(x: tf.Tensor, channels: number, attributes: NormAttributes): tf.Tensor[] {
  if (hasKernel(MOMENTS)) return runKernel<tf.Tensor[]>(MOMENTS, { x });
  return normalizeBatch({ x, scale: tf.ones([channels]), offset: tf.zeros([channels]) }, { ...attributes, activation: 'linear' }).slice(1);
}

/** The gradients from this rank's sums and those of all, `sumsOfAll`, over `count` rows, where the backend has kernels for both halves. */
function gradientsInHalves(
  { dy, x, y, mean, variance, scale, offset }: NormSaved,
  { epsilon, activation }: NormAttributes,
  {
    hasResidual,
    count,
    sumOverRanks,
  }: { hasResidual: boolean; count: number; sumOverRanks: (mine: readonly tf.Tensor[]) => [tf.Tensor, tf.Tensor] },
): NormGradients {
  const given = { dy, x, mean, variance, scale };
  const mask: tf.NamedTensorMap = !y ? {} : hasResidual ? { y } : { offset };
  const [dScale, dOffset, masked] = runKernel<[tf.Tensor, tf.Tensor, ...tf.Tensor[]]>(SUMS, { ...given, ...mask }, { epsilon, activation });
  const [allScale, allOffset] = sumOverRanks([dScale, dOffset]);
  const sums = { dScale: allScale, dOffset: allOffset };
  const dx = masked // the ReLU is in it already
    ? runKernel<tf.Tensor>(SPREAD, { ...given, dy: masked, ...sums }, { epsilon, activation: 'linear', count })
    : runKernel<tf.Tensor>(SPREAD, { ...given, ...sums, ...mask }, { epsilon, activation, count });
  return hasResidual ? [dx, dScale, dOffset, masked ?? tf.clone(dy)] : [dx, dScale, dOffset];
}

/**
 * Batch normalization with the statistics of the batches of all ranks: what one process computes from all rows, of which each rank has some.
 *
 * @param x float32 `[..., channels]`, this rank's rows, at least one; ranks may have different numbers of them
 * @param parameters see {@link SynchronizedBatchNormParameters}
 * @returns see {@link SynchronizedBatchNormResult}
 * @throws SelfsupError `SELFSUP_SHAPE` on a rank below 2, on fewer than two values per channel on all ranks together, or on parameters that do not fit;
 * `SELFSUP_OPTION` on another activation; `SELFSUP_COLLECTIVE` when the ranks cannot exchange numbers at once
 * @see Ioffe, Szegedy: "Batch Normalization", https://arxiv.org/abs/1502.03167; Chan, Golub, LeVeque: "Updating Formulae and a Pairwise Algorithm for Computing
 * Sample Variances", 1979
 * @remarks Every rank must call it, equally often and in the same order, and differentiate it or not alike. It sends mean, variance and count, 2 · channels + 1
 * numbers, in the forward pass and 2 · channels in the backward pass. The gradient towards `x` is that of the sum of the losses of all ranks, which go through its
 * statistics; those towards `scale` and `offset` are of this rank's rows. Summed over ranks both are the gradient of that sum, so that the mean over
 * ranks of the gradients of all variables is the gradient of the mean loss, as in one process and as with PyTorch's SyncBatchNorm. A loss that counts with a weight must have it before it is differentiated. The
 * backend must be readable synchronously, which WebGPU is not.
 * @example
 * ```ts
 * import { soloCollective, synchronizedBatchNorm } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const { y, count } = synchronizedBatchNorm(tf.randomNormal([8, 4]), { scale: tf.ones([4]), offset: tf.zeros([4]), collective: soloCollective });
 * console.log(y.shape, count); // [8, 4] 8
 * ```
 */
export function synchronizedBatchNorm(x: tf.Tensor, parameters: SynchronizedBatchNormParameters): SynchronizedBatchNormResult {
  const { collective, ...normalization } = parameters;
  const channels = parameters.scale.size;
  checkBatchNorm('synchronizedBatchNorm', x, normalization);
  if (!collective.allGatherSync)
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      'synchronizedBatchNorm: `collective` must have `allGatherSync`, as those of @selfsup/distributed do: under a gradient tape nothing can be awaited',
    );
  const gather: GatherSync = (numbers) => collective.allGatherSync!(numbers);
  const own = countOf(x, channels);
  let count = 0;
  const result = normalizeBy(x, normalization, {
    forward(inputs, attributes) {
      const [mean, variance] = tf.tidy(() => {
        const mine = momentsOf(inputs.x, channels, attributes);
        // eslint-disable-next-line no-restricted-syntax -- under a tape nothing can be awaited; the docs say that such backends cannot do it
        const all = combine(exchange([...mine, tf.scalar(own)], gather).dataSync(), channels);
        if (all.count < 2)
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `synchronizedBatchNorm: needs at least 2 values per channel on all ranks together, got shape [${x.shape.join(', ')}] on ${collective.worldSize}`,
          );
        count = all.count;
        return [tf.tensor1d(all.mean), tf.tensor1d(all.variance)] as const;
      });
      return [normalizeWith(inputs, { mean, variance }, attributes), mean, variance];
    },
    backward: (saved, attributes, hasResidual) =>
      tf.tidy(() => {
        const sumOverRanks = (mine: readonly tf.Tensor[]) => tf.split(tf.sum(exchange(mine, gather), 0), 2) as [tf.Tensor1D, tf.Tensor1D];
        if (hasKernel(SUMS)) return gradientsInHalves(saved, attributes, { hasResidual, count, sumOverRanks });
        // the projection is that of this rank's sums over its own count; what follows puts the sums of all in its place
        const [dx, dScale, dOffset, ...dResidual] = normGradients(saved, attributes, hasResidual);
        const [scaleSum, offsetSum] = sumOverRanks([dScale, dOffset]);
        const factor = tf.mul(saved.scale, tf.rsqrt(tf.add(saved.variance, attributes.epsilon))); // [c]
        const surplus = (mine: tf.Tensor, all: tf.Tensor) => tf.mul(factor, tf.sub(tf.div(mine, own), tf.div(all, count)));
        const affine = { x: saved.x, scale: surplus(dScale, scaleSum), offset: surplus(dOffset, offsetSum) };
        const correction = normalizeWith(affine, saved, { ...attributes, activation: 'linear' });
        return [tf.add(dx, correction), dScale, dOffset, ...dResidual];
      }) as unknown as NormGradients,
  });
  return { ...result, count };
}

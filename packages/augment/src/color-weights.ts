import { SelfsupError } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkProbability } from './check-options.ts';
import type { ColorCoding } from './color-codes.ts';

/** Options of {@link colorWeights}. */
export interface ColorWeightsOptions {
  /** The coding whose bins are counted, at its `outputSize`. */
  coding: ColorCoding;
  /** How much of the uniform distribution is mixed in; default 0.5, in [0, 1]. 1 gives weights of 1. */
  mixing?: number;
  /** Standard deviation of the Gaussian that smooths the counts, in units of a*b*; default 5, > 0. */
  sigma?: number;
}

/**
 * Measures how rare the colors of a data set are: class rebalancing, the larger a bin's weight the fewer places have its color.
 *
 * @param batches batches of images float32 `[n, h, w, 3]` in [0, 1], from an array or a generator; they are not disposed
 * @param options see {@link ColorWeightsOptions}
 * @returns `[bins]`: 1 / ((1 − mixing) · p + mixing / bins), scaled so that Σ p · weight = 1, where p is the smoothed share of each bin
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_DATA` when there is no batch; what `coding` throws
 * @see Zhang, Isola, Efros: "Colorful Image Colorization", section 2.2, https://arxiv.org/abs/1603.08511
 * @remarks Each bin's count is shared among all bins in proportion to a Gaussian of their distance, so that the total stays.
 * @example
 * ```ts
 * import { colorCodes, colorWeights } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * const images = tf.randomUniform<tf.Rank.R4>([16, 32, 32, 3]);
 * const weights = await colorWeights([images], { coding: colorCodes({ outputSize: 8 }) });
 * const coding = colorCodes({ outputSize: 8, weights });
 * ```
 */
export async function colorWeights(
  batches: Iterable<tf.Tensor4D> | AsyncIterable<tf.Tensor4D>,
  options: ColorWeightsOptions,
): Promise<Float32Array> {
  const { coding, mixing = 0.5, sigma = 5 } = options;
  checkProbability('colorWeights', 'mixing', mixing);
  if (!(sigma > 0)) throw new SelfsupError('SELFSUP_OPTION', `colorWeights: \`sigma\` must be > 0, got ${sigma}`);
  const { bins } = coding;
  const counts = new Float64Array(bins.length);
  let total = 0;
  for await (const images of batches) {
    const { lightness, codes, labels, weights } = coding(images);
    for (const label of await labels.data()) counts[label]!++;
    total += labels.size;
    for (const tensor of [lightness, codes, labels, weights]) tensor.dispose();
  }
  if (total === 0) throw new SelfsupError('SELFSUP_DATA', 'colorWeights: `batches` must hold at least one batch, got none');
  const smoothed = new Float64Array(bins.length);
  counts.forEach((count, from) => {
    if (count === 0) return;
    const kernel = bins.map(([a, b]) => Math.exp(-((a - bins[from]![0]) ** 2 + (b - bins[from]![1]) ** 2) / (2 * sigma * sigma)));
    const mass = kernel.reduce((sum, x) => sum + x, 0);
    kernel.forEach((x, to) => (smoothed[to]! += ((x / mass) * count) / total));
  });
  const rarity = smoothed.map((share) => 1 / ((1 - mixing) * share + mixing / bins.length));
  const mean = rarity.reduce((sum, weight, bin) => sum + smoothed[bin]! * weight, 0);
  return Float32Array.from(rarity, (weight) => weight / mean);
}

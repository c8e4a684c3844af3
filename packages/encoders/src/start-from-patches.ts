import { drawPermutation, nextTurn, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkIntegers } from './layers/check-option.ts';
import type { PatchEncoder, PatchKernel } from './patch-kernel.ts';
import { samplePatches } from './patches/sample-patches.ts';
import { whitenedKernels } from './patches/whitened-kernels.ts';

/** Where {@link startFromPatches} is. */
export interface PatchStartProgress {
  /** Path of the kernel at work. */
  readonly kernel: string;
  /** Kernels done before it. */
  readonly index: number;
  /** How many kernels there are. */
  readonly numKernels: number;
  /** Rounds of k-means done for it. */
  readonly round: number;
  /** How many rounds it gets. */
  readonly numRounds: number;
}

/** Options of {@link startFromPatches}. */
export interface StartFromPatchesOptions {
  /** The stream of places and first centers. */
  rng: Rng;
  /** Patches for each kernel, at least as many as it has filters; default 18,000. */
  numPatches?: number;
  /** Rounds of k-means, ≥ 1; default 10. */
  numRounds?: number;
  /** What the whitening adds to each eigenvalue of the patches' covariance, as a part of their mean, > 0; default 0.1. */
  damping?: number;
  /** What it adds for the first kernel besides, ≥ 0, in the unit of what the kernel reads, squared; default 0.02. */
  floor?: number;
  /** Images that run at a time, ≥ 1; default 50. */
  batchSize?: number;
  /** Stops before the next round; the promise is rejected with the signal's reason then, and kernels may be half set. */
  signal?: AbortSignal;
  /** Called after each round. */
  onProgress?: (progress: PatchStartProgress) => void;
}

/** Sets running statistics to the mean and the unbiased variance of the responses over all images and places. */
async function setStatistics(encoder: PatchEncoder, kernel: PatchKernel, inputs: readonly tf.Tensor4D[]): Promise<void> {
  const [mean, variance] = ['mean', 'variance'].map((name) => encoder.buffers[`${kernel.statistics!}/${name}`]!) as [
    tf.Variable,
    tf.Variable,
  ];
  const channels = mean.size;
  const parts: { count: number; moments: Float32Array }[] = [];
  for (const batch of inputs) {
    await nextTurn();
    const [count, both] = tf.tidy(() => {
      const responses = kernel.responses(batch);
      const moments = tf.moments(tf.reshape(responses, [-1, channels]), 0);
      return [responses.size / channels, tf.concat([moments.mean, moments.variance])] as const; // [2 · channels]
    });
    const moments = await both.data<'float32'>().finally(() => {
      both.dispose();
    });
    parts.push({ count, moments: Float32Array.from(moments) });
  }
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const average = (of: (moments: Float32Array, c: number) => number, divisor: number) =>
    Float32Array.from({ length: channels }, (_, c) => parts.reduce((sum, { count, moments }) => sum + count * of(moments, c), 0) / divisor);
  const means = average((moments, c) => moments[c]!, total);
  const variances = average((moments, c) => moments[channels + c]! + (moments[c]! - means[c]!) ** 2, Math.max(1, total - 1));
  tf.tidy(() => {
    mean.assign(tf.tensor1d(means));
    variance.assign(tf.tensor1d(variances));
  });
}

/** Sets a kernel, and its bias to minus its answer to the mean patch. */
function setKernel(encoder: PatchEncoder, kernel: PatchKernel, found: { kernels: Float32Array; mean: Float64Array }): void {
  const { kernels, mean } = found;
  const variable = encoder.trainable[kernel.kernel]!;
  const bias = kernel.bias === undefined ? undefined : encoder.trainable[kernel.bias]!;
  tf.tidy(() => {
    variable.assign(tf.tensor(kernels, variable.shape));
    if (!bias) return;
    const answers = new Float64Array(bias.size);
    for (let i = 0; i < kernels.length; i++) answers[i % bias.size]! -= kernels[i]! * mean[Math.floor(i / bias.size)]!;
    bias.assign(tf.tensor(Float32Array.from(answers), bias.shape));
  });
}

function checkStart(encoder: PatchEncoder, images: tf.Tensor4D, options: StartFromPatchesOptions): void {
  const { numPatches = 18_000, numRounds = 10, damping = 0.1, floor = 0.02, batchSize = 50 } = options;
  const fail = (name: string, expected: string, got: number): never => {
    throw new SelfsupError('SELFSUP_OPTION', `startFromPatches: \`${name}\` must be ${expected}, got ${got}`);
  };
  checkIntegers('startFromPatches', { numRounds, batchSize });
  const filters = Math.max(...encoder.patchKernels.map(({ kernel }) => encoder.trainable[kernel]!.shape.at(-1)!));
  checkIntegers('startFromPatches', { numPatches }, filters);
  if (!(damping > 0 && damping < Infinity)) fail('damping', 'a number > 0', damping);
  if (!(floor >= 0 && floor < Infinity)) fail('floor', 'a number >= 0', floor);
  if (images.rank !== 4 || images.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `startFromPatches: \`images\` must have shape [n, height, width, channels] without an empty axis, got [${images.shape.join(', ')}]`,
    );
}

/**
 * Starts an encoder's kernels from the patches of images, without labels and gradients: kernel after kernel, each from the patches of what it reads when those
 * before it are set, by whitening and spherical k-means. Running statistics become those of the images.
 *
 * @param encoder such as {@link convNet} (all convolutions) and {@link vit} (`patch/kernel` and `patch/bias`) make
 * @param images float32 `[n, height, width, channels]` as the encoder gets them, standardized; some hundreds are enough, and all run through every kernel.
 * They stay the caller's
 * @param options see {@link StartFromPatchesOptions}
 * @returns a promise that is fulfilled when all kernels are set
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_SHAPE` on images that do not fit, `SELFSUP_DATA` when all patches of a kernel
 * are alike
 * @see Coates, Ng: "Learning feature representations with k-means", https://doi.org/10.1007/978-3-642-35289-8_30
 * @remarks The same stream, images and backend give the same bits, on any number of threads. A kernel is PD: centers D of whitened patches P(x − mean), with
 * P = (C + (damping · mean eigenvalue + floor) · I)^(−½). Scales and offsets of normalizations stay as they are. Memory: the patches of one kernel twice,
 * `numPatches` · size² · channels values of 4 bytes, and what two neighboring kernels read of all images. Time: for 32-64-128-256 channels and 300
 * images of 64 pixels four seconds on two cores of the wasm backend; the last kernels take most of it.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet, startFromPatches } from '@selfsup/encoders';
 * const encoder = convNet({ kernelSizes: [5, 3, 3, 3], downsampling: 'pool', input: 'local-contrast' })(createRng(0));
 * await startFromPatches(encoder, images, { rng: createRng(0).fold('patches') });
 * ```
 */
export async function startFromPatches(encoder: PatchEncoder, images: tf.Tensor4D, options: StartFromPatchesOptions): Promise<void> {
  const { rng, numPatches = 18_000, numRounds = 10, damping = 0.1, floor = 0.02, batchSize = 50, signal, onProgress } = options;
  checkStart(encoder, images, options);
  const { patchKernels } = encoder;
  let inputs: tf.Tensor4D[] = [];
  /** Replaces every batch by what a function makes of it. */
  const replace = async (make: (batch: tf.Tensor4D) => tf.Tensor4D) => {
    for (const [i, batch] of inputs.entries()) {
      await nextTurn();
      signal?.throwIfAborted();
      const next = tf.tidy(() => make(batch));
      batch.dispose();
      inputs[i] = next;
    }
  };
  try {
    const [n, ...shape] = images.shape;
    inputs = Array.from({ length: Math.ceil(n / batchSize) }, (_, i) =>
      tf.slice<tf.Rank.R4, tf.Tensor4D>(images, [i * batchSize, 0, 0, 0], [Math.min(batchSize, n - i * batchSize), ...shape]),
    );
    for (const [index, kernel] of patchKernels.entries()) {
      const before = patchKernels[index - 1];
      await replace((batch) => kernel.inputs(before ? before.responses(batch) : batch));
      const stream = rng.fold(kernel.kernel);
      const filters = encoder.trainable[kernel.kernel]!.shape.at(-1)!;
      const patches = await samplePatches(inputs, { ...kernel, count: numPatches, rng: stream.fold('places') });
      const found = await whitenedKernels(patches, {
        dim: patches.length / numPatches,
        initial: drawPermutation(stream.fold('centers'), numPatches).subarray(0, filters),
        numRounds,
        damping,
        floor: index === 0 ? floor : 0,
        signal,
        onRound: (round) => onProgress?.({ kernel: kernel.kernel, index, numKernels: patchKernels.length, round, numRounds }),
      });
      setKernel(encoder, kernel, found);
      if (kernel.statistics !== undefined) await setStatistics(encoder, kernel, inputs);
    }
  } finally {
    tf.dispose(inputs);
  }
}

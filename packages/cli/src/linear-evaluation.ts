import { createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import type { ImageDataset } from '@selfsup/data';
import { linearProbe } from '@selfsup/evaluate';
import { encodeImages, type Encoder, type Features } from './encode-images.ts';
import type { OpenedData } from './open-data.ts';
import type { Output } from './output/output.ts';

/** What a linear classifier on the features of an encoder reaches. */
export interface LinearFinding {
  /** Test images classified rightly, in percent. */
  readonly accuracy: number;
  /** The same of the training images. */
  readonly trainAccuracy: number;
  /** The penalty on the weights: the one given, or the best on the training images that were held out. */
  readonly l2: number;
  /** Whether the optimum was reached within the iterations. */
  readonly converged: boolean;
}

/** Options of {@link evaluateLinearly}. */
export interface LinearEvaluationOptions {
  /** Penalties to choose from. */
  l2: readonly number[];
  /** At most so many steps of L-BFGS per classifier. */
  maxIterations: number;
  /** Decides which images are held out. */
  seed: number;
  /** Shows progress. */
  output: Output;
  /** Names the encoder in the progress. */
  what: string;
}

/** The penalties that are tried unless others are given; columns are standardized, so their unit does not matter. */
export const DEFAULT_L2: readonly number[] = [1e-4, 1e-3, 1e-2, 1e-1, 1];

interface Labeled {
  readonly features: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  readonly labels: Int32Array;
}

function pick({ features, labels }: Labeled, rows: readonly number[]): Labeled {
  const dim = features.shape[1];
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    data.set(features.data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return { features: { data, shape: [rows.length, dim] }, labels: Int32Array.from(rows, (row) => labels[row]!) };
}

function withLabels(features: Features, dataset: ImageDataset): Labeled {
  return { features, labels: Int32Array.from(features.indices, (index) => dataset.labels![index]!) };
}

/** The best penalty on a fifth of the training images; of equals the larger one. */
async function chooseL2(train: Labeled, options: { numClasses: number; seed: number; fit: Fit; l2: readonly number[] }): Promise<number> {
  const { seed, fit, numClasses } = options;
  const order = [...drawPermutation(createRng(seed).fold('linear probe'), train.labels.length)];
  const held = Math.max(1, Math.floor(order.length / 5));
  const [validation, rest] = [pick(train, order.slice(0, held)), pick(train, order.slice(held))];
  let best = { accuracy: -1, l2: 0 };
  for (const l2 of [...options.l2].sort((a, b) => b - a)) {
    const { accuracy } = await fit(rest, validation, { l2, numClasses });
    if (accuracy > best.accuracy) best = { accuracy, l2 };
  }
  return best.l2;
}

type Fit = (train: Labeled, test: Labeled, options: { l2: number; numClasses: number }) => ReturnType<typeof linearProbe>;

/**
 * Trains a linear classifier on the features of the training images and classifies the test images; the encoder is used as at inference and stays as it is.
 *
 * @param encoder from normalized images to features
 * @param data the images; both parts need labels
 * @param options see {@link LinearEvaluationOptions}; one penalty is taken as it is, of several the best on a fifth of the training images, then fitted to all
 * @returns see {@link LinearFinding}
 * @throws SelfsupError `SELFSUP_DATA` when fewer than two training images can be read
 */
export async function evaluateLinearly(
  encoder: Encoder,
  data: Pick<OpenedData, 'train' | 'mean' | 'std'> & { test: ImageDataset },
  options: LinearEvaluationOptions,
): Promise<LinearFinding> {
  const { l2: penalties, maxIterations, seed, output, what } = options;
  const { mean, std } = data;
  const encode = async (dataset: ImageDataset, part: string) =>
    withLabels(await encodeImages(encoder, dataset, { mean, std, output, stage: `Encoding ${part} images (${what})` }), dataset);
  const train = await encode(data.train, 'training');
  const test = await encode(data.test, 'test');
  if (train.labels.length < 2)
    throw new SelfsupError('SELFSUP_DATA', `a linear probe needs at least 2 training images, got ${train.labels.length}`);
  const stage = output.stage(`Fitting linear classifiers (${what})`, {
    total: penalties.length > 1 ? penalties.length + 1 : 1,
    unit: 'fits',
  });
  let fits = 0;
  const fit: Fit = async (from, to, { l2, numClasses }) => {
    const found = await linearProbe({ ...from, queries: to.features, queryLabels: to.labels, l2, numClasses, maxIterations });
    stage.update(++fits);
    return found;
  };
  const numClasses = Math.max(...new Set(train.labels), ...new Set(test.labels)) + 1;
  const l2 = penalties.length > 1 ? await chooseL2(train, { numClasses, seed, fit, l2: penalties }) : penalties[0]!;
  const { accuracy, trainAccuracy, converged } = await fit(train, test, { l2, numClasses });
  stage.end();
  return { accuracy: 100 * accuracy, trainAccuracy: 100 * trainAccuracy, l2, converged };
}

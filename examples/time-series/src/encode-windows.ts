import type { Module } from '@selfsup/core';
import { createRng, SelfsupError, type Batch } from '@selfsup/core';
import { extractFeatures, type FeatureEncoder, type FeatureMatrix, type LabeledExamples } from '@selfsup/evaluate';
import type { AnyModule, EncodeOptions, Features, Samples } from '@selfsup/pretrain';
import type { PrepareContext } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { asWindows } from './data/window-samples.ts';
import { normalizeWindows, toTensor, type Windows } from './data/windows.ts';
import { seriesInputOf } from './series-input.ts';

/** Windows per forward pass. */
const BATCH = 256;

const chosenIndices = (length: number, indices: ArrayLike<number> | undefined): Int32Array =>
  indices ? Int32Array.from(indices) : Int32Array.from({ length }, (_, i) => i);

/**
 * Features of windows at inference, 256 at a time.
 *
 * @param encoder from normalized windows `[n, 1, length, channels]` to `[n, dim]`
 * @param samples windows
 * @param options see `EncodeOptions`
 * @returns see `Features`
 */
export async function encodeWindows(encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features> {
  const windows = asWindows(samples);
  const input = seriesInputOf(options.input);
  const indices = chosenIndices(windows.length, options.indices);
  const stage = options.progress.stage(options.stage, { total: indices.length, unit: 'windows' });
  async function* batches() {
    for (let first = 0; first < indices.length; first += BATCH)
      yield toTensor(normalizeWindows(await windows.read(indices.subarray(first, first + BATCH)), input));
  }
  try {
    const { signal } = options;
    const { data, shape } = await extractFeatures(encoder as Module<tf.Tensor4D>, batches(), {
      ...(signal && { signal }),
      onProgress: (rows) => {
        stage.update(rows);
      },
    });
    return { data, shape, indices };
  } finally {
    stage.end();
  }
}

/** An encoder that gives the values themselves: normalized, in one row per window. */
export const rawWindows: AnyModule = {
  trainable: {},
  buffers: {},
  dispose: () => undefined,
  apply: (input) => tf.reshape(input, [input.shape[0], -1]), // [n, length * channels]
};

/** Options of {@link encodeWindowViews}. */
export interface EncodeWindowViewsOptions extends EncodeOptions {
  /** Makes the task's batch. */
  readonly prepare: (raw: Windows, context: PrepareContext) => Batch;
  /** The seed of the views, which are always the same. */
  readonly seed: number;
}

/**
 * Features of two views of windows, as the task makes them in training.
 *
 * @param encoder from views `[n, 1, length, channels]` to `[n, dim]`
 * @param samples windows
 * @param options see {@link EncodeWindowViewsOptions}
 * @returns row i of both is of the same window; undefined where the task does not train on two views
 */
export async function encodeWindowViews(
  encoder: AnyModule,
  samples: Samples,
  options: EncodeWindowViewsOptions,
): Promise<readonly [FeatureMatrix, FeatureMatrix] | undefined> {
  const windows = asWindows(samples);
  const { prepare, seed, signal } = options;
  const raw = await windows.read(chosenIndices(windows.length, options.indices));
  const batch = tf.tidy(
    () => prepare(raw, { rng: createRng(seed).fold('health'), step: 0, epoch: 0 }) as tf.TensorContainerObject,
  ) as Batch;
  const { views } = batch as { views?: readonly tf.Tensor4D[] };
  if (!views) {
    tf.dispose(batch as tf.TensorContainer);
    return undefined;
  }
  const sides: FeatureMatrix[] = [];
  for (const view of views) {
    const parts = function* () {
      for (let first = 0; first < view.shape[0]; first += BATCH) yield tf.slice(view, first, Math.min(BATCH, view.shape[0] - first));
    };
    sides.push(await extractFeatures(encoder as Module<tf.Tensor4D>, parts(), signal && { signal }));
    view.dispose();
  }
  return [sides[0]!, sides[1]!];
}

/**
 * Labeled windows as examples for fine-tuning.
 *
 * @param samples windows with labels
 * @param options see `EncodeOptions`
 * @returns the examples, normalized: batches are float32 `[batch, 1, length, channels]`
 * @throws SelfsupError `SELFSUP_DATA` on windows without labels
 */
export function windowExamples(samples: Samples, options: EncodeOptions): Promise<LabeledExamples<tf.TensorContainer>> {
  const windows = asWindows(samples);
  const { labels, classNames } = windows;
  if (!labels || !classNames)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${windows.name} has no labels to fine-tune with; put the files into folders of classes, or use \`labelColumn\``,
    );
  const input = seriesInputOf(options.input);
  const indices = chosenIndices(windows.length, options.indices);
  return Promise.resolve({
    labels: indices.map((index) => labels[index]!),
    numClasses: classNames.length,
    read: async (rows) => toTensor(normalizeWindows(await windows.read(rows.map((row) => indices[row]!)), input)),
  });
}

/** An encoder of windows as fine-tuning takes it. */
export function windowEncoder(module: AnyModule): FeatureEncoder<tf.TensorContainer> {
  return { trainable: module.trainable, apply: (windows, options) => module.apply(windows as tf.Tensor, options) };
}

import { createRng, drawPermutation, type Batch } from '@selfsup/core';
import { representationHealth, type RepresentationHealth } from '@selfsup/evaluate';
import type { PrepareContext } from '@selfsup/trainer';
import type { AnyModality, AnyModule, EncodeOptions, RunData } from './modality.ts';

/** Measures the features of a run's encoder, always on the same samples and views; undefined with fewer than 2 samples. */
export type FeatureHealth = (what: string) => Promise<RepresentationHealth | undefined>;

/** Samples that are measured at most. */
const SAMPLES = 1000;

/**
 * Prepares the measurement of an encoder's features: of up to 1,000 test samples, or of training samples where there are none.
 *
 * @param encoder the encoder
 * @param context the data, the run's seed, and how the task's views are made
 * @returns see {@link FeatureHealth}
 */
export function createFeatureHealth(
  encoder: AnyModule,
  context: {
    modality: AnyModality;
    data: RunData;
    seed: number;
    encoding: Omit<EncodeOptions, 'stage'>;
    prepare: (raw: unknown, context: PrepareContext) => Batch;
  },
): FeatureHealth {
  const { modality, data, seed, encoding, prepare } = context;
  const samples = data.test && data.test.length >= 2 ? data.test : data.train;
  const indices =
    samples.length <= SAMPLES ? undefined : drawPermutation(createRng(seed).fold('health'), samples.length).slice(0, SAMPLES).sort();
  return async (what) => {
    const options = { ...encoding, stage: `Measuring features (${what})`, indices };
    const features = await modality.encode(encoder, samples, options);
    if (features.shape[0] < 2) return undefined;
    const views = await modality.encodeViews?.(encoder, samples, { ...options, prepare, seed });
    return representationHealth(features, { views });
  };
}

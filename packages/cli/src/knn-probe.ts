import { knnAccuracy } from '@selfsup/evaluate';
import type { ImageDataset } from '@selfsup/data';
import { createRng, drawPermutation } from '@selfsup/core';
import { subset } from '@selfsup/data';
import { encodeImages, type Encoder, type Features } from './encode-images.ts';
import type { OpenedData } from './open-data.ts';
import type { RunSettings } from './options/run-settings.ts';
import type { Output } from './output/output.ts';

/** What a probe of an encoder found. */
export interface KnnFinding {
  /** Test images whose class the neighbors voted for, in percent; absent without labels or test images. */
  readonly accuracy?: number;
  /** The features of the bank. */
  readonly bank: Features;
  /** The features of the test images. */
  readonly test?: Features;
}

/** Judges encoders by the neighbors of their features. */
export interface KnnProbe {
  /** The images that vote: the training images, or so many of them, chosen by the seed. */
  readonly bank: ImageDataset;
  /** The images to classify. */
  readonly test: ImageDataset | undefined;
  /** Whether there is an accuracy to be had. */
  readonly hasLabels: boolean;
  /** Encodes bank and test images and lets the neighbors vote. `what` names the encoder in the progress. */
  measure(encoder: Encoder, what: string): Promise<KnnFinding>;
}

/** The settings of the probe. */
export type KnnSettings = Pick<RunSettings, 'seed' | 'knnK' | 'knnTemperature' | 'knnBank'>;

function chooseBank(train: ImageDataset, settings: KnnSettings): ImageDataset {
  if (train.length <= settings.knnBank) return train;
  return subset(train, drawPermutation(createRng(settings.seed).fold('knn bank'), train.length).slice(0, settings.knnBank).sort());
}

const labelsOf = (dataset: ImageDataset, features: Features) => features.indices.map((index) => dataset.labels![index]!);

/**
 * Prepares the weighted kNN of a run: cosine similarity, votes weighted by exp(similarity / temperature).
 *
 * @param data the images; mean and std are the run's
 * @param options the settings, and where to show progress
 * @returns see {@link KnnProbe}
 */
export function createKnnProbe(
  data: Pick<OpenedData, 'train' | 'test' | 'mean' | 'std'>,
  options: { settings: KnnSettings; output: Output },
): KnnProbe {
  const { settings, output } = options;
  const { test, mean, std } = data;
  const bank = chooseBank(data.train, settings);
  const hasLabels = bank.labels !== undefined && test?.labels !== undefined;
  return {
    bank,
    test,
    hasLabels,
    async measure(encoder, what) {
      const encode = (dataset: ImageDataset, part: string) =>
        encodeImages(encoder, dataset, { mean, std, output, stage: `Encoding ${part} images (${what})` });
      const features = await encode(bank, 'training');
      if (!test) return { bank: features };
      const queries = await encode(test, 'test');
      if (!hasLabels) return { bank: features, test: queries };
      const [known, truth] = [labelsOf(bank, features), labelsOf(test, queries)];
      const { knnK: k, knnTemperature: temperature } = settings;
      const share = await knnAccuracy({ features, labels: known, queries, queryLabels: truth, k, temperature });
      return { accuracy: 100 * share, bank: features, test: queries };
    },
  };
}

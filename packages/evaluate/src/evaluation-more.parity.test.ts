import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/evaluation-more.json';
import { attentionPool } from './attention-pool.ts';
import { attentiveProbe } from './attentive-probe.ts';
import { classificationHead } from './classification-head.ts';
import { trainStep } from './classifier.ts';
import { clusterAgreement } from './cluster-agreement.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { lidar } from './lidar.ts';
import { linearSegmentation } from './linear-segmentation.ts';
import { meanIou } from './mean-iou.ts';
import { retrieval } from './retrieval.ts';

const matrix = (values: readonly number[], dim: number): FeatureMatrix => ({
  data: Float32Array.from(values),
  shape: [values.length / dim, dim],
});

describe('against numpy, scikit-learn and PyTorch', () => {
  it('the loss of mixed examples and its gradients', async () => {
    const { shape, classes, features, kernel, bias, labels, partners, weights, loss, gradients } = fixture.mixing;
    const [n, dim] = shape as [number, number];
    const head = classificationHead(createRng(0), { dim, numClasses: classes, dropoutRate: 0 });
    const rows = tf.tidy(() => tf.variable(tf.tensor2d(features, [n, dim])));
    tf.tidy(() => {
      head.trainable['kernel']!.assign(tf.tensor2d(kernel, [dim, classes]));
      head.trainable['bias']!.assign(tf.tensor1d(bias));
    });
    const encoder = { trainable: { features: rows }, apply: () => tf.clone(rows) };
    const mixed = { partners: tf.tensor1d(partners, 'int32'), weights: tf.tensor1d(weights) };
    const found: Record<string, number[]> = {};
    const value = await trainStep(
      { encoder, head },
      { input: null, labels: Int32Array.from(labels), apply: { training: true }, mixed },
      {
        variables: { features: rows, ...head.trainable },
        update: (all) => {
          for (const [path, gradient] of Object.entries(all)) found[path] = [...gradient!.dataSync()];
        },
      },
    );
    expect(Math.abs(value / loss - 1)).toBeLessThan(1e-6);
    for (const [path, expected] of Object.entries(gradients))
      for (const [i, each] of expected.entries()) expect(Math.abs(found[path]![i]! - each), path).toBeLessThan(1e-6);
    tf.dispose([rows, mixed]);
    head.dispose();
  });

  it.each(fixture.lidar)('lidar of $samples samples in $dim dimensions', ({ views, dim, delta, lidar: expected }) => {
    const given = views.map((values) => matrix(values, dim));
    expect(lidar(given, { delta })).toBeCloseTo(expected, 5);
  });

  it('retrieval', async () => {
    const { dim, bank, labels, queries, queryLabels, apart, among } = fixture.retrieval;
    const [features, ks] = [matrix(bank, dim), [1, 3, 7]];
    const searched = await retrieval({ features, labels, queries: matrix(queries, dim), queryLabels, ks });
    expect(searched).toMatchObject({ recall: apart.recall, queries: 15 });
    expect(searched.meanAveragePrecision).toBeCloseTo(apart.map, 6);
    const own = await retrieval({ features, labels, ks });
    expect(own).toMatchObject({ recall: among.recall, queries: 40 });
    expect(own.meanAveragePrecision).toBeCloseTo(among.map, 6);
  });

  it('clusterAgreement', () => {
    for (const { clusters, labels, nmi, ari } of fixture.agreement) {
      const found = clusterAgreement(clusters, labels);
      expect(found.nmi).toBeCloseTo(nmi, 10);
      expect(found.ari).toBeCloseTo(ari, 10);
    }
    expect(clusterAgreement([3, 3, 3], [0, 0, 0])).toEqual({ nmi: 1, ari: 1 });
    expect(clusterAgreement([0, 0, 0], [0, 1, 2])).toEqual({ nmi: 0, ari: 0 });
  });

  it('meanIou', () => {
    const { predictions, labels, numClasses, perClass, meanIou: expected } = fixture.iou;
    const found = meanIou(predictions, labels, { numClasses });
    found.perClass.forEach((value, i) => {
      expect(value).toBeCloseTo(perClass[i]!, 10);
    });
    expect(found.meanIou).toBeCloseTo(expected, 10);
    expect(meanIou(predictions, labels, { numClasses: numClasses + 1 }).meanIou).toBeCloseTo(expected, 10); // a class that is nowhere
  });

  it('attentionPool, value and gradients', () => {
    const { shape, heads, tokens, query, key, value, pooled, weights, gradients } = fixture.attention;
    const dim = shape[2]!;
    const pool = attentionPool(createRng(0), { dim, numHeads: heads });
    tf.tidy(() => {
      for (const [name, values] of Object.entries({ query, key, value })) {
        const variable = pool.trainable[name]!;
        variable.assign(tf.tensor(values, variable.shape));
      }
      const x = tf.tensor3d(tokens, shape as [number, number, number]);
      const got = pool.apply(x);
      got.dataSync().forEach((one, i) => {
        expect(one).toBeCloseTo(pooled[i]!, 5);
      });
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(pool.apply(x), tf.tensor2d(weights, got.shape))),
        Object.values(pool.trainable),
      );
      Object.entries(pool.trainable).forEach(([name, variable]) => {
        const expected = gradients[name as keyof typeof gradients];
        grads[variable.name]!.dataSync().forEach((one, i) => {
          expect(Math.abs(one - expected[i]!)).toBeLessThan(2e-5);
        });
      });
    });
    pool.dispose();
  });
});

describe('attentiveProbe', () => {
  it('finds the one token that tells the class, where the mean says little, and twice the same', async () => {
    const [rows, length, dim] = [60, 5, 4];
    const noise = tf.tidy(() => Float32Array.from(tf.randomNormal([2 * rows * length * dim], 0, 1, 'float32', 3).dataSync()));
    const labels = Array.from({ length: rows }, (_, i) => i % 2);
    const of = (part: number): FeatureMatrix => {
      const data = noise.slice(part * rows * length * dim, (part + 1) * rows * length * dim);
      labels.forEach((label, i) => {
        data.set([6, label === 0 ? -2 : 2, 0, 0], (i * length + (i % length)) * dim); // 6: look here
      });
      return { data, shape: [rows, length * dim] };
    };
    const probe = () =>
      attentiveProbe({ tokens: of(0), labels, queries: of(1), queryLabels: labels, length, epochs: 12, batchSize: 20, learningRate: 0.05 });
    const first = await probe();
    expect(first.accuracy).toBeGreaterThan(0.95);
    expect(first.losses.at(-1)).toBeLessThan(first.losses[0]! / 3);
    expect(await probe()).toEqual(first);
  });
});

describe('linearSegmentation', () => {
  it('finds what the places of the maps tell, and enlarges it', async () => {
    // 2 × 2 places under 4 × 4 pixels; the first column of a place is the logit of class 1
    const [one, two] = [[0, 1], [1, 0]] as const; // prettier-ignore
    const maps = matrix([...one, ...one, ...two, ...two, ...two, ...one, ...two, ...one], 8);
    const masks = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0];
    const found = await linearSegmentation({ train: { maps, masks }, test: { maps, masks }, grid: [2, 2], size: [4, 4], numClasses: 2 });
    expect(found).toMatchObject({ meanIou: 1, perClass: [1, 1], pixelAccuracy: 1 });
    expect([...found.predictions]).toEqual(masks);
    const wrong = { train: { maps, masks }, test: { maps, masks }, grid: [2, 2], size: [5, 4], numClasses: 2 } as const;
    await expect(linearSegmentation(wrong)).rejects.toThrow('`size` must be a multiple of `grid` along both sides, got 5 x 4 and 2 x 2');
  });
});

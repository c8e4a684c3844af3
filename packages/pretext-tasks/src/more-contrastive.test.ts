import { tiles } from '@selfsup/augment';
import { l2Normalize, type AnyPretextTask, type AnyPretextTaskRun, type Batch } from '@selfsup/core';
import { linear, neighborEncoder } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import {
  backbone,
  channels,
  descend,
  context,
  features,
  lossOf,
  makeViews,
  predictionHead,
  projected,
  projectionHead,
  start,
} from '../fixtures/tiny-networks.ts';
import { all4One } from './all4one.ts';
import { denseCl } from './dense-cl.ts';
import { nnByol } from './nn-byol.ts';
import { nnSiam } from './nn-siam.ts';
import { pirl } from './pirl.ts';
import { ressl } from './ressl.ts';
import { smog } from './smog.ts';
import { sphericalKMeans } from './spherical-k-means.ts';
import { supCon } from './sup-con.ts';

const networks = { backbone, projectionHead };
const queued = { ...networks, outputDim: projected, queueSize: 20 };
const predicting = { ...queued, predictionHead };
const attention = { centroidHead: predictionHead, neighborEncoder: neighborEncoder({ width: projected, numLayers: 1, numHeads: 1 }) };
const head = linear({ inputDim: features, outputDim: projected });
const mapped = mappedNetwork({ channels, width: features, norm: true });
const puzzle = {
  backbone: mapped,
  projectionHead: head,
  tileHead: head,
  puzzleHead: linear({ inputDim: 4 * projected, outputDim: projected }),
  tiling: tiles({ grid: 2, size: 2, standardize: false }),
  outputDim: projected,
  numImages: 9,
};
const int32 = (values: readonly number[]) => tf.tensor1d([...values], 'int32');

/** The loss of a batch of eight images and more, which is thrown away. */
function loseOn(task: AnyPretextTask, more: Batch = {}): unknown {
  const run = task.create(start);
  const batch = { ...makeViews(2), ...more };
  try {
    return tf.tidy(() => lossOf(run, batch).loss.dataSync());
  } finally {
    run.dispose();
    tf.dispose(batch);
  }
}

describe('what does not fit', () => {
  it.each<[string, () => unknown, string]>([
    ['labels that are not there', () => loseOn(supCon(networks)), 'sup-con: the batch must have `labels`'],
    ['labels of fewer images', () => loseOn(supCon(networks), { labels: int32([1]) }), 'sup-con: `labels` must have shape [8], got [1]'],
    ['indices that are not there', () => loseOn(pirl(puzzle)), 'pirl: the batch must have `indices`'],
    ['indices of fewer images', () => loseOn(pirl(puzzle), { indices: int32([1]) }), 'pirl: `indices` must have shape [8], got [1]'],
    ['a memory of one image', () => pirl({ ...puzzle, numImages: 1 }), 'pirl: `numImages` must be an integer >= 2, got 1'],
    ['a queue below a batch', () => loseOn(ressl({ ...queued, queueSize: 7 })), 'ressl: the 8 keys of a step must fit into `queueSize` 7'],
    [
      'a queue below the neighbors',
      () => all4One({ ...predicting, ...attention, queueSize: 4 }),
      'all4one: `queueSize` must be an integer >= 5, got 4',
    ],
    ['a backbone without maps', () => loseOn(denseCl({ ...queued, denseHead: head })), 'dense-cl: `backbone` must be an encoder with maps'],
    ['other columns, ressl', () => loseOn(ressl({ ...queued, outputDim: 3 })), "ressl: `outputDim` must be 5, the head's columns, got 3"],
    ['other columns, nn-byol', () => loseOn(nnByol({ ...predicting, outputDim: 3 })), 'nn-byol: `outputDim` must be 5'],
    ['other columns, nn-siam', () => loseOn(nnSiam({ ...predicting, outputDim: 3 })), 'nn-siam: `outputDim` must be 5'],
    ['other columns, smog', () => loseOn(smog({ ...predicting, outputDim: 3, numGroups: 2 })), 'smog: `outputDim` must be 5'],
    ['other columns, all4one', () => loseOn(all4One({ ...predicting, ...attention, outputDim: 3 })), 'all4one: `outputDim` must be 5'],
    [
      'a weight above one',
      () => denseCl({ ...queued, denseHead: head, denseWeight: 2 }),
      'dense-cl: `denseWeight` must be in [0, 1], got 2',
    ],
    ['a momentum above one', () => smog({ ...predicting, groupMomentum: 1.5 }), 'smog: `groupMomentum` must be in [0, 1], got 1.5'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('pirl', () => {
  it('moves the memory of the images of a batch, and of no others, and shuffles tiles anew in each step', () => {
    const run = pirl({ ...puzzle, numNegatives: 4 }).create(start);
    const batch = { ...makeViews(2), indices: int32([8, 0, 1, 2, 3, 5, 6, 7]) };
    const rows = () => run.buffers['memory']!.arraySync() as number[][];
    const before = rows();
    descend(run as AnyPretextTaskRun, batch, { context: context(), rate: 0 });
    const after = rows();
    expect(after.map((row, i) => row.join() === before[i]!.join())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i === 4));
    for (const [i, row] of after.entries()) expect(Math.hypot(...row)).toBeCloseTo(i === 4 ? 0 : 1, 5);
    tf.tidy(() => {
      const tilesAt = (step: number) => run.targets!(batch, context({ step })).tiles.dataSync().join();
      expect(tilesAt(1)).toBe(tilesAt(1));
      expect(tilesAt(1)).not.toBe(tilesAt(2));
    });
    run.dispose();
    tf.dispose([batch.views, batch.indices]);
  });
});

it('sphericalKMeans without a stream finds directions, and keeps a centroid that no row is nearest to', () => {
  tf.tidy(() => {
    const angles = [0, 0.1, 3, 3.1, 0.05, 3.05];
    const rows = tf.tensor2d(
      angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]),
      [6, 2],
    );
    const centroids = sphericalKMeans(rows, { numClusters: 2, iterations: 4 }).centroids.arraySync();
    expect(centroids.map(([x, y]) => Math.atan2(y!, x!))).toEqual([expect.closeTo(0.05, 5), expect.closeTo(3.05, 5)]);
    const single = sphericalKMeans(rows, { numClusters: 1, iterations: 1 });
    const mean = l2Normalize(tf.sum<tf.Tensor2D>(rows, 0, true)).arraySync();
    expect([single.centroids.arraySync(), new Set(single.assignments.dataSync())]).toEqual([mean, new Set([0])]);
    const same = sphericalKMeans(tf.ones([4, 2]), { numClusters: 3, iterations: 2 }).centroids;
    expect(same.dataSync().every(Number.isFinite)).toBe(true);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { tiles } from '@selfsup/augment';
import { linear, neighborEncoder } from '@selfsup/encoders';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { channels, features, linearHead, projected, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import { all4One } from './all4one.ts';
import { denseCl } from './dense-cl.ts';
import { nnByol } from './nn-byol.ts';
import { nnSiam } from './nn-siam.ts';
import { pirl } from './pirl.ts';
import { ressl } from './ressl.ts';
import { smog } from './smog.ts';
import { supCon } from './sup-con.ts';

const networks = { backbone: smoothEncoder, projectionHead: linearHead };
const predictionHead = linear({ inputDim: projected, outputDim: projected });
const queued = { ...networks, outputDim: projected, queueSize: 10 };
const labeledAt = (step: number) => ({ ...viewsAt(step, { rows: 6 }), labels: tf.tensor1d([0, 1, -1, 0, 1, -1], 'int32') });

testRows([
  row('sup-con', supCon(networks), { steps: 4, batchAt: labeledAt }),
  row('sup-con, summed in the logarithm', supCon({ ...networks, positives: 'sum-in-log' }), { steps: 4, batchAt: labeledAt }),
  row('ressl', ressl({ ...queued, momentum: 0.9 }), { steps: 4, batchAt: viewsAt }),
  row('nn-byol', nnByol({ ...queued, predictionHead, momentum: 0.9 }), { steps: 4, batchAt: viewsAt }),
  row('nn-siam', nnSiam({ ...queued, predictionHead }), { steps: 4, batchAt: viewsAt }),
  row(
    'all4one',
    all4One({
      ...queued,
      predictionHead,
      centroidHead: predictionHead,
      neighborEncoder: neighborEncoder({ width: projected, numLayers: 1, numHeads: 2, dropoutRate: 0 }),
      numNeighbors: 2,
      momentum: 0.9,
    }),
    { steps: 4, batchAt: viewsAt },
  ),
  row(
    'dense-cl',
    denseCl({
      backbone: mappedNetwork({ channels, width: features, norm: false }),
      projectionHead: linearHead,
      denseHead: linearHead,
      outputDim: projected,
      queueSize: 10,
      shuffleGroups: 2,
      momentum: 0.9,
    }),
    { steps: 4, batchAt: (step) => viewsAt(step, { rows: 8, size: 2 }) },
  ),
  row('smog', smog({ ...queued, predictionHead, numGroups: 3, resetSteps: 2, groupMomentum: 0.8, momentum: 0.9 }), {
    steps: 4,
    batchAt: viewsAt,
  }),
  row(
    'pirl',
    pirl({
      backbone: mappedNetwork({ channels, width: features, norm: false }),
      projectionHead: linearHead,
      tileHead: linearHead,
      puzzleHead: linear({ inputDim: 4 * projected, outputDim: projected }),
      tiling: tiles({ grid: 2, size: 2, standardize: false }),
      numImages: 12,
      numNegatives: 7,
      outputDim: projected,
      temperature: 0.5,
    }),
    {
      steps: 4,
      batchAt: (step) => ({ ...viewsAt(step), indices: tf.tensor1d([0, 5, 11, step], 'int32') }),
      skip: { differences: 'what an image must find that has no memory yet is constant' },
    },
  ),
]);

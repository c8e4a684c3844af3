import { convNet, projectionHead } from '@selfsup/encoders';
import { channels, features, linearHead, projected, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import { dcl } from './dcl.ts';
import { mocoV3 } from './moco-v3.ts';
import { moco, type MocoOptions } from './moco.ts';

const networks = { backbone: smoothEncoder, projectionHead: linearHead };
const predictionHead = projectionHead({ inputDim: projected, hiddenDim: features, outputDim: projected, numLayers: 1 });
const normalized = {
  backbone: convNet({ channels, widths: [4] }),
  projectionHead: projectionHead({ inputDim: 4, hiddenDim: 5, outputDim: projected }),
};
const small = (options: Partial<MocoOptions> = {}) =>
  moco({ ...networks, outputDim: projected, queueSize: 10, shuffleGroups: 1, momentum: 0.9, ...options });
const statistics = { ranks: 'batch normalization takes its statistics per rank' };

testRows([
  row('dcl', dcl(networks), { batchAt: viewsAt }),
  row('dcl, small temperature', dcl({ ...networks, temperature: 0.05 }), { batchAt: viewsAt }),
  row('dclw', dcl({ ...networks, weighted: true }), {
    batchAt: viewsAt,
    skip: { differences: 'the weights of the positives are constants of the loss' },
  }),
  row('moco, v1', small({ preset: 'v1' }), { batchAt: viewsAt }),
  row('moco, v2', small(), { batchAt: viewsAt }),
  row('moco, symmetric', small({ symmetric: true }), { batchAt: viewsAt }),
  row('moco, shuffled groups', small({ shuffleGroups: 2 }), { batchAt: (step) => viewsAt(step, { rows: 8 }) }),
  row('moco, shuffled groups and batch normalization', small({ ...normalized, shuffleGroups: 2, symmetric: true, queueSize: 16 }), {
    batchAt: (step) => viewsAt(step, { rows: 6 }),
    skip: statistics,
  }),
  row('moco-v3', mocoV3({ ...networks, predictionHead }), { batchAt: viewsAt }),
  row('moco-v3 with batch normalization', mocoV3({ ...normalized, predictionHead }), {
    batchAt: (step) => viewsAt(step, { rows: 6 }),
    skip: statistics,
  }),
]);

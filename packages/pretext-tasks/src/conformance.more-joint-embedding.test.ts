import { convNet, linear, projectionHead } from '@selfsup/encoders';
import { channels, features, projected, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import { empSsl } from './emp-ssl.ts';
import { fastSiam } from './fast-siam.ts';
import { frossl } from './frossl.ts';
import { lejepa } from './lejepa.ts';
import { mmcr } from './mmcr.ts';
import { tico } from './tico.ts';
import { vibcreg } from './vibcreg.ts';
import { visreg } from './visreg.ts';
import { wMse } from './w-mse.ts';

// without a bias at the end, which cancels in some of the losses
const networks = { backbone: smoothEncoder, projectionHead: linear({ inputDim: features, outputDim: projected, bias: false }) };
const predictionHead = linear({ inputDim: projected, outputDim: projected });
const normalized = {
  backbone: convNet({ channels, widths: [4] }),
  projectionHead: projectionHead({ inputDim: 4, hiddenDim: 5, outputDim: projected, batchNorm: true, biasLast: false }),
};
const threeViews = (step: number) => viewsAt(step, { rows: 6, count: 3 });
const cropsOfTwoSizes = (step: number) => {
  const [large, small] = [viewsAt(step, { rows: 6, size: 8 }), viewsAt(step, { rows: 6, count: 1, size: 6 })];
  return { views: [...large.views, ...small.views] };
};
const twoViews = (step: number) => viewsAt(step, { rows: 6 });
const eightRows = (step: number) => viewsAt(step, { rows: 8 });
const statistics = 'batch normalization takes its statistics per rank';
const stopGradient = 'what is predicted counts as constant inside the loss';
const sorted = 'places and deviations count as constants inside the loss';

testRows([
  row('lejepa', lejepa({ ...networks, numSlices: 5 }), { batchAt: threeViews }),
  row('lejepa with batch normalization, on crops of two sizes', lejepa({ ...normalized, numSlices: 5 }), {
    batchAt: cropsOfTwoSizes,
    skip: { ranks: statistics },
  }),
  row('visreg', visreg({ ...networks, numSlices: 5 }), { batchAt: threeViews, skip: { differences: sorted } }),
  row('emp-ssl', empSsl({ ...networks, similarityWeight: 2 }), { batchAt: threeViews }),
  row('tico', tico({ ...networks, outputDim: projected, momentum: 0.9 }), { batchAt: twoViews }),
  row('vibcreg', vibcreg(networks), { batchAt: twoViews, learningRate: 1e-3 }),
  row('w-mse', wMse(networks), { batchAt: eightRows }),
  row('mmcr', mmcr({ ...networks, localWeight: 0.1 }), { batchAt: threeViews }),
  row('frossl', frossl(networks), { batchAt: threeViews }),
  row('fast-siam', fastSiam({ ...networks, predictionHead }), { batchAt: threeViews, skip: { differences: stopGradient } }),
]);

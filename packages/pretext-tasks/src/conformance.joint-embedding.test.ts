import { convNet, linear, projectionHead } from '@selfsup/encoders';
import { channels, features, projected, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import { barlowTwins } from './barlow-twins.ts';
import { byol } from './byol.ts';
import { simSiam } from './sim-siam.ts';
import { vicreg } from './vicreg.ts';

// without biases at the end: those of Barlow Twins and VICReg cancel in the loss
const networks = { backbone: smoothEncoder, projectionHead: linear({ inputDim: features, outputDim: projected, bias: false }) };
const predictionHead = linear({ inputDim: projected, outputDim: projected });
const normalized = {
  backbone: convNet({ channels, widths: [4] }),
  projectionHead: projectionHead({ inputDim: 4, hiddenDim: 5, outputDim: projected, batchNorm: true, biasLast: false }),
};
const deepPrediction = projectionHead({ inputDim: projected, hiddenDim: 5, outputDim: projected, batchNorm: true });
const sixRows = (step: number) => viewsAt(step, { rows: 6 });
const statistics = 'batch normalization takes its statistics per rank';
const stopGradient = 'what is predicted counts as constant inside the loss';

testRows([
  row('byol', byol({ ...networks, predictionHead }), { batchAt: viewsAt }),
  row('byol, the mean convention', byol({ ...networks, predictionHead, convention: 'mean', momentum: 0.9 }), { batchAt: viewsAt }),
  row('byol with batch normalization', byol({ ...normalized, predictionHead: deepPrediction }), {
    batchAt: sixRows,
    skip: { ranks: statistics },
  }),
  row('sim-siam', simSiam({ ...networks, predictionHead }), { batchAt: viewsAt, skip: { differences: stopGradient } }),
  row('sim-siam without stop-gradient', simSiam({ ...networks, predictionHead, stopGradient: false }), { batchAt: viewsAt }),
  row('barlow-twins', barlowTwins(networks), { batchAt: sixRows }),
  row('barlow-twins with batch normalization', barlowTwins({ ...normalized, scale: 0.1 }), {
    batchAt: sixRows,
    skip: { ranks: statistics },
  }),
  row('vicreg', vicreg(networks), { batchAt: sixRows, learningRate: 1e-3 }),
  row('vicreg, the summed convention', vicreg({ ...networks, convention: 'summed' }), { batchAt: sixRows, learningRate: 1e-3 }),
]);

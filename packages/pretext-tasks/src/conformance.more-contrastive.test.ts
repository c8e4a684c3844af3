import * as tf from '@tensorflow/tfjs-core';
import { linearHead, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import { supCon } from './sup-con.ts';

const networks = { backbone: smoothEncoder, projectionHead: linearHead };
const labeledAt = (step: number) => ({ ...viewsAt(step, { rows: 6 }), labels: tf.tensor1d([0, 1, -1, 0, 1, -1], 'int32') });

testRows([
  row('sup-con', supCon(networks), { batchAt: labeledAt }),
  row('sup-con, summed in the logarithm', supCon({ ...networks, positives: 'sum-in-log' }), { batchAt: labeledAt }),
]);

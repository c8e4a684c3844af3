import { createRng, drawNormal } from '@selfsup/core';
import { convNet, linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { row, testRows } from '../fixtures/conformance-rows.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { distillation } from './distillation.ts';

const [channels, width, teacherDim] = [2, 6, 5];
const student = mappedNetwork({ channels, width, norm: false });
const untaught = mappedNetwork({ channels, width: teacherDim, norm: false });
/** The same weights in every run, whatever its seed. */
const teacher = Object.assign(() => untaught(createRng(3)), { outputDim: teacherDim });
const head = linear({ inputDim: width, outputDim: teacherDim });
const rows = 4;
const viewAt = (step: number, side: number, tag = 0) =>
  tf.tensor4d(drawNormal(createRng(7).fold(step).fold(tag), rows * side * side * channels), [rows, side, side, channels]);
const batchAt = (step: number) => ({ views: [viewAt(step, 6)] });
const networks = { backbone: student, teacher, projectionHead: head, patchHead: head };
const images = {
  student: { mean: [0.4, 0.5], std: [0.2, 0.3] },
  teacher: { mean: [0.5, 0.5], std: [0.5, 0.5] },
  size: [4, 4] as const,
};
const softer = { queueSize: 12, studentTemperature: 0.5, teacherTemperature: 0.2 };

testRows([
  row('distillation of features', distillation({ ...networks, images }), { batchAt }),
  row('distillation of features as they are, by their squares', distillation({ ...networks, measure: 'mse', standardize: false }), {
    batchAt,
  }),
  row('distillation of similarities, of another view', distillation({ ...networks, featureWeight: 0, similarityWeight: 1, ...softer }), {
    batchAt: (step: number) => ({ views: [viewAt(step, 6), viewAt(step, 6, 1)] }),
  }),
  row('distillation of places', distillation({ ...networks, images, featureWeight: 0, patchWeight: 1 }), { batchAt }),
  row(
    'distillation of all from conv-net to conv-net with batch normalization',
    distillation({
      backbone: convNet({ channels, widths: [4, width] }),
      teacher: Object.assign(() => convNet({ channels, widths: [4, teacherDim] })(createRng(4)), { outputDim: teacherDim }),
      projectionHead: head,
      patchHead: head,
      images,
      patchWeight: 0.5,
      similarityWeight: 1,
      ...softer,
    }),
    { batchAt, skip: { ranks: 'batch normalization takes its statistics per rank' } },
  ),
]);

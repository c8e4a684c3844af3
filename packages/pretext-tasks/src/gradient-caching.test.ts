import { createRng, drawNormal, type AnyPretextTask, type Gradients, type PretextTask, type VariableMap } from '@selfsup/core';
import { convNet, dinoHead, projectionHead, prototypes } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { barlowTwins } from './barlow-twins.ts';
import { byol } from './byol.ts';
import { dcl } from './dcl.ts';
import { dino } from './dino.ts';
import { mocoV3 } from './moco-v3.ts';
import { moco } from './moco.ts';
import { nnclr } from './nnclr.ts';
import { simSiam } from './sim-siam.ts';
import { simclr } from './simclr.ts';
import { swav } from './swav.ts';
import { vicreg } from './vicreg.ts';

// One batch of 64 beside 4 accumulated micro-batches of 16, on networks that do not normalize over the batch.
type Views = { views: tf.Tensor4D[] };
const [rows, parts, side] = [64, 4, 5];
const backbone = convNet({ channels: 3, widths: [8], norm: 'group', numGroups: 2 });
const head = projectionHead({ inputDim: 8, hiddenDim: 10, outputDim: 6 });
const networks = { backbone, projectionHead: head };
const predictionHead = projectionHead({ inputDim: 6, hiddenDim: 10, outputDim: 6 });
const tasks: readonly (readonly [string, object])[] = [
  ['simclr', simclr(networks)],
  ['dcl', dcl(networks)],
  ['moco', moco({ ...networks, outputDim: 6, queueSize: 160, shuffleGroups: 1 })],
  ['moco, symmetric', moco({ ...networks, outputDim: 6, queueSize: 256, symmetric: true, shuffleGroups: 1 })],
  ['moco-v3', mocoV3({ ...networks, predictionHead })],
  ['byol', byol({ ...networks, predictionHead, momentum: 0.9 })],
  ['sim-siam', simSiam({ ...networks, predictionHead })],
  ['barlow-twins', barlowTwins(networks)],
  ['vicreg', vicreg(networks)],
  ['nnclr', nnclr({ ...networks, predictionHead, outputDim: 6, queueSize: 160 })],
  ['swav', swav({ ...networks, prototypes: prototypes({ inputDim: 6, numPrototypes: 9 }), queueSize: 64, freezePrototypesSteps: 0 })],
  ['dino', dino({ backbone, projectionHead: dinoHead({ inputDim: 8, hiddenDim: 10, bottleneckDim: 6, outputDim: 12 }), outputDim: 12, momentum: 0.9, freezeLastLayerSteps: 0 })], // prettier-ignore
];

// of other seeds a tie of nearest neighbors may fall the other way in nnclr
const viewsAt = (step: number): Views => ({
  views: [0, 1].map((view) => tf.tensor4d(drawNormal(createRng(10 + step).fold(view), rows * side * side * 3), [rows, side, side, 3])),
});
const split = ({ views }: Views): Views[] => {
  const cut = views.map((view) => tf.split<tf.Tensor4D>(view, parts));
  return Array.from({ length: parts }, (_, i) => ({ views: cut.map((list) => list[i]!) }));
};
type Numbers = Record<string, Float32Array>;
const read = (variables: VariableMap | Gradients): Numbers =>
  Object.fromEntries(Object.entries(variables).flatMap(([path, x]) => (x ? [[path, x.dataSync().slice() as Float32Array] as const] : [])));
const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
/** The greatest difference of a variable, as a part of its own greatest value or a tenth of the greatest of all. */
const apart = (actual: Numbers, expected: Numbers): number => {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  const most = Math.max(...Object.values(expected).map(largest));
  return Math.max(
    ...Object.entries(expected).map(
      ([path, x]) => largest(x.map((value, i) => value - actual[path]![i]!)) / Math.max(largest(x), most / 10),
    ),
  );
};

function watch(task: PretextTask) {
  const seen: Numbers[] = [];
  const watched: AnyPretextTask = {
    ...task,
    create(context) {
      const run = task.create(context);
      return {
        ...run,
        transformGradients: (gradients, ctx) => {
          seen.push(read(gradients));
          return run.transformGradients?.(gradients, ctx) ?? gradients;
        },
      };
    },
  };
  const trainer = createTrainer({ task: watched, optimizer: sgd({ learningRate: 0.05 }), totalSteps: 10, seed: 1 });
  return { trainer, seen, state: () => ({ ...read(trainer.run.trainable), ...read(trainer.run.buffers) }) };
}

test.each(tasks)('%s: 4 × 16 is 64, in loss, gradients, weights, queues and moving averages', async (_, task) => {
  const [whole, accumulated] = [watch(task as PretextTask), watch(task as PretextTask)];
  for (let step = 0; step < 2; step++) {
    // the second step starts from weights that differ by rounding, which standardization magnifies
    const tolerance = step === 0 ? 1e-5 : 1e-4;
    const batch = viewsAt(step);
    const micro = split(batch);
    const expected = await whole.trainer.trainStep(batch);
    const actual = await accumulated.trainer.trainStep(micro);
    expect(Math.abs(actual.loss - expected.loss) / Math.max(1, Math.abs(expected.loss)), 'loss').toBeLessThan(tolerance);
    expect(apart(accumulated.seen[step]!, whole.seen[step]!), 'gradients').toBeLessThan(tolerance);
    expect(apart(accumulated.state(), whole.state()), 'variables').toBeLessThan(tolerance / 10);
    tf.dispose([batch, micro]);
  }
  whole.trainer.dispose();
  accumulated.trainer.dispose();
});

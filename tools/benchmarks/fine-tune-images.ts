// Fine-tuning of the encoder of a run on images, and of the same one untrained, with few labels; no augmentation.
// usage: node --conditions=@selfsup/source tools/benchmarks/fine-tune-images.ts --run runs/mae [--counts 100,1000] [--seeds 0,1,2]
//   [--epochs 20] [--min-steps 200] [--batch-size 32] [--learning-rate 3e-4,1e-3] [--scratch-learning-rate 3e-4,1e-3]
// A seed decides the labels, the classifier and the order; the untrained encoder is that of the run.
// Of several rates a fifth of the labels chooses, for each start by itself. Prints a JSON line for each training and the table.
import { selectBackend } from '@selfsup/backends';
import type { ImageDataset } from '@selfsup/data';
import { loadWeights, saveWeights } from '@selfsup/encoders';
import { chooseLearningRate, fineTune, formatLabelCurve, imageClassification, labelEfficiencyCurve } from '@selfsup/evaluate';
import { parseArgs } from 'node:util';
import { openDataForRun } from '../../packages/cli/src/open-data-for-run.ts';
import { openRun, withUntrainedEncoder } from '../../packages/cli/src/open-run.ts';
import { createOutput } from '../../packages/cli/src/output/create-output.ts';

const text = { type: 'string' } as const;
const or = (value: string) => ({ ...text, default: value });
const { values } = parseArgs({
  options: {
    run: text,
    counts: or('100,1000'),
    seeds: or('0,1,2'),
    epochs: or('20'),
    'min-steps': or('200'),
    'batch-size': or('32'),
    'learning-rate': or('3e-4'),
    'scratch-learning-rate': text,
  },
});
if (values.run === undefined) throw new Error('--run must be given');
const numbers = (list: string) => list.split(',').map(Number);

console.error((await selectBackend()).description);
const { file, encoder: pretrained, step } = await openRun(values.run);
const weights = await saveWeights(pretrained);
pretrained.dispose();
const data = await openDataForRun(file, {}, createOutput({}));
const { train, test, mean, std } = data;
const labels = train.labels;
if (!labels || !test?.labels) throw new Error(`${train.name} has no labels`);
const numClasses = 1 + Math.max(...labels);

async function examplesOf(images: ImageDataset, chosen: ArrayLike<number>) {
  const { pixels, shape, indices } = await images.read(chosen);
  return imageClassification({ pixels, shape, labels: Array.from(indices, (i) => images.labels![i]!), numClasses, mean, std });
}

const tested = await examplesOf(
  test,
  Array.from({ length: test.length }, (_, i) => i),
);
const trainings = { epochs: Number(values.epochs), minSteps: Number(values['min-steps']), batchSize: Number(values['batch-size']) };

/** Trains the encoder, from these weights or untrained, with each of the rates that are to be chosen from and with the best; gives the accuracy. */
function arm(name: string, learningRates: readonly number[], start?: Parameters<typeof loadWeights>[1]) {
  return async ({ indices, seed }: { indices: Int32Array; seed: number }) => {
    const training = { ...trainings, train: await examplesOf(train, indices), seed };
    const began = performance.now();
    return withUntrainedEncoder(file, async (encoder) => {
      const first = start ?? (await saveWeights(encoder));
      const makeEncoder = () => {
        loadWeights(encoder, first);
        return { ...encoder, dispose: () => undefined }; // one encoder, whose weights are put back
      };
      const { learningRate } = await chooseLearningRate({ ...training, makeEncoder, learningRates });
      const { accuracy } = await fineTune({ ...training, encoder: makeEncoder(), test: tested, learningRate });
      const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
      console.log(JSON.stringify({ arm: name, count: indices.length, seed, learningRate, accuracy, seconds }));
      return accuracy;
    });
  };
}

const rates = values['learning-rate'];
console.log(`${values.run}: ${file.settings.task}, pretrained for ${step} updates, ${test.length} test images`);
const rows = await labelEfficiencyCurve({
  labels,
  arms: {
    pretrained: arm('pretrained', numbers(rates), weights),
    scratch: arm('scratch', numbers(values['scratch-learning-rate'] ?? rates)),
  },
  counts: values.counts.split(',').map((count) => (count === 'all' ? 'all' : Number(count))),
  seeds: numbers(values.seeds),
});
console.log(formatLabelCurve(rows));

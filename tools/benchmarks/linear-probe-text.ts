// A linear probe on the frozen features of a run on text, and on those of the same network before training, with few and with all labels.
// usage: node --conditions=@selfsup/source tools/benchmarks/linear-probe-text.ts --run runs/text --train train.tsv --test test.tsv
//   [--counts 100,all] [--seeds 0,1,2] [--pooling first,mean] [--l2 0.01] [--length 128]
// Prints a JSON line for each probe, and a table for each pooling: mean and deviation over the seeds of the drawn labels and of the untrained network.
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { openLabeledText } from '@selfsup/data/node';
import {
  formatLabelCurve,
  labelEfficiencyCurve,
  linearProbe,
  poolTokens,
  tokenClassification,
  type FeatureMatrix,
} from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import { parseArgs } from 'node:util';
import { openTextRun } from '../../packages/cli/src/text/open-text-run.ts';

const text = { type: 'string' } as const;
const or = (value: string) => ({ ...text, default: value });
const { values } = parseArgs({
  options: {
    run: text,
    train: text,
    test: text,
    counts: or('100,all'),
    seeds: or('0,1,2'),
    pooling: or('first,mean'),
    l2: or('0.01'),
    length: or('128'),
  },
});
const demand = (name: 'run' | 'train' | 'test') => {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} must be given`);
  return value;
};

console.error((await selectBackend()).description);
const run = await openTextRun(demand('run'));
const train = await openLabeledText(demand('train'));
const test = await openLabeledText(demand('test'), { classNames: train.classNames });
const numClasses = train.classNames.length;
const maxLength = Math.min(Number(values.length), run.encoder.options.maxPositions);
const { special } = run.tokenizer;

type Pooling = 'first' | 'mean';

/** `[chosen texts, width]`, 64 texts at a time. */
async function encode(
  encoder: typeof run.encoder,
  texts: typeof train,
  { pooling, rows }: { pooling: Pooling; rows: Int32Array },
): Promise<FeatureMatrix> {
  const examples = tokenClassification({
    sequences: Array.from(rows, (row) => run.tokenizer.encode(texts.texts[row]!, { maxLength }).ids),
    labels: Array.from(rows, (row) => texts.labels[row]!),
    numClasses,
    padId: special.pad ?? special.separator ?? 0, // never attended
    maxLength,
  });
  const pooled = poolTokens(encoder, { pooling });
  const width = run.backbone.outputDim;
  const data = new Float32Array(rows.length * width);
  for (let first = 0; first < rows.length; first += 64) {
    const input = await examples.read(Int32Array.from({ length: Math.min(64, rows.length - first) }, (_, i) => first + i));
    const features = tf.tidy(() => pooled.apply(input, { training: false }));
    data.set(await features.data(), first * width);
    tf.dispose([features, ...Object.values(input)]);
  }
  return { data, shape: [rows.length, width] };
}

for (const pooling of values.pooling.split(',') as Pooling[]) {
  const probe = (arm: 'pretrained' | 'untrained') => async (trial: { indices: Int32Array; seed: number }) => {
    const encoder = arm === 'pretrained' ? run.encoder : run.backbone(createRng(trial.seed).fold('encoder'));
    try {
      const { accuracy } = await linearProbe({
        features: await encode(encoder, train, { pooling, rows: trial.indices }),
        labels: Array.from(trial.indices, (row) => train.labels[row]!),
        queries: await encode(encoder, test, { pooling, rows: Int32Array.from(test.texts.keys()) }),
        queryLabels: test.labels,
        numClasses,
        l2: Number(values.l2),
      });
      return accuracy;
    } finally {
      if (arm === 'untrained') encoder.dispose();
    }
  };
  const rows = await labelEfficiencyCurve({
    labels: train.labels,
    arms: { pretrained: probe('pretrained'), untrained: probe('untrained') },
    counts: values.counts.split(',').map((count) => (count === 'all' ? 'all' : Number(count))),
    seeds: values.seeds.split(',').map(Number),
    onTrial: (trial) => {
      console.log(JSON.stringify({ pooling, ...trial }));
    },
  });
  console.log(`${pooling === 'first' ? '[CLS]' : 'mean of the states'}\n${formatLabelCurve(rows)}`);
}
run.dispose();

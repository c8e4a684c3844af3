// A linear probe on the frozen features of a run on text, and on those of the same network before training, with few and with all labels.
// usage: node --conditions=@selfsup/source tools/benchmarks/linear-probe-text.ts --run runs/text --train train.tsv --test test.tsv
//   [--counts 100,all] [--seeds 0,1,2] [--pooling first,mean] [--l2 0.01] [--length 128]
// Prints a JSON line for each: accuracies in percent, mean and deviation over seeds (of the labels that are drawn, and of the untrained network).
import { selectBackend } from '@selfsup/backends';
import { createRng, type Rng } from '@selfsup/core';
import { openLabelledText } from '@selfsup/data/node';
import { labelSubset, linearProbe, poolTokens, tokenClassification, type FeatureMatrix } from '@selfsup/evaluate';
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
const train = await openLabelledText(demand('train'));
const test = await openLabelledText(demand('test'), { classNames: train.classNames });
const numClasses = train.classNames.length;
const { special } = run.tokenizer;
const padId = special.pad ?? special.separator ?? 0; // never attended
const length = Math.min(Number(values.length), run.encoder.options.maxPositions);

type Pooling = 'first' | 'mean';

/** `[texts, width]`, 64 texts at a time. */
async function encode(encoder: typeof run.encoder, texts: readonly string[], pooling: Pooling): Promise<FeatureMatrix> {
  const examples = tokenClassification({
    sequences: texts.map((line) => run.tokenizer.encode(line, { maxLength: length }).ids),
    labels: texts.map(() => 0),
    numClasses: 2,
    padId,
    maxLength: length,
  });
  const width = run.backbone.outputDim;
  const data = new Float32Array(texts.length * width);
  for (let first = 0; first < texts.length; first += 64) {
    const input = await examples.read(Int32Array.from({ length: Math.min(64, texts.length - first) }, (_, i) => first + i));
    const features = tf.tidy(() => poolTokens(encoder, { pooling }).apply(input, { training: false }));
    data.set(await features.data(), first * width);
    tf.dispose([features, ...Object.values(input)]);
  }
  return { data, shape: [texts.length, width] };
}

const choose = ({ data, shape: [, width] }: FeatureMatrix, rows: Int32Array): FeatureMatrix => {
  const chosen = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    chosen.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { data: chosen, shape: [rows.length, width] };
};

const seeds = values.seeds.split(',').map(Number);
const untrained = (rng: Rng) => run.backbone(rng);
for (const pooling of values.pooling.split(',') as Pooling[])
  for (const arm of ['pretrained', 'untrained'])
    for (const count of values.counts.split(',')) {
      const accuracies: number[] = [];
      for (const seed of seeds) {
        const encoder = arm === 'pretrained' ? run.encoder : untrained(createRng(seed).fold('encoder'));
        const [features, queries] = [await encode(encoder, train.texts, pooling), await encode(encoder, test.texts, pooling)];
        if (arm === 'untrained') encoder.dispose();
        const rng = createRng(seed);
        const rows =
          count === 'all'
            ? Int32Array.from(train.labels.keys())
            : labelSubset(train.labels, { count: Number(count), rng, balance: 'equal' });
        const { accuracy } = await linearProbe({
          features: choose(features, rows),
          labels: Array.from(rows, (row) => train.labels[row]!),
          queries,
          queryLabels: test.labels,
          numClasses,
          l2: Number(values.l2),
        });
        accuracies.push(100 * accuracy);
      }
      const mean = accuracies.reduce((sum, x) => sum + x, 0) / accuracies.length;
      const deviation = Math.sqrt(accuracies.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, accuracies.length - 1));
      console.log(
        JSON.stringify({
          pooling,
          arm,
          count,
          accuracies: accuracies.map((x) => Number(x.toFixed(2))),
          mean: Number(mean.toFixed(2)),
          deviation: Number(deviation.toFixed(2)),
        }),
      );
    }
run.dispose();

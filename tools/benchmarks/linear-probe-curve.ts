// A linear probe on the frozen features of a run, and on those of the same network before training, with few and with all labels.
// usage: node --conditions=@selfsup/source tools/benchmarks/linear-probe-curve.ts --run runs/text [--train train.tsv] [--test test.tsv]
//   [--counts 100,all] [--seeds 0,1,2] [--l2 0.01] [--options '{"pooling":"first"}']
// The labeled samples are those of the run unless others are given. Prints a JSON line for each probe, and a table: mean and deviation over the seeds of the
// drawn labels and of the untrained network. One probe on all labels is `selfsup evaluate linear-probe`.
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { formatLabelCurve, labelEfficiencyCurve, linearProbe } from '@selfsup/evaluate';
import { openSamplesFor, silentProgress, type AnyModule, type Samples } from '@selfsup/pretrain';
import { loadEncoder } from '@selfsup/pretrain/node';
import { parseArgs } from 'node:util';

const text = { type: 'string' } as const;
const or = (value: string) => ({ ...text, default: value });
const { values } = parseArgs({
  options: { run: text, train: text, test: text, counts: or('100,all'), seeds: or('0,1,2'), l2: or('0.01'), options: or('{}') },
});
if (values.run === undefined) throw new Error('--run must be given');

console.error((await selectBackend()).description);
const encoder = await loadEncoder(values.run);
const { modality, files } = encoder;
const options = JSON.parse(values.options) as Record<string, unknown>;
const { train, test, name, unit } = await openSamplesFor(encoder, { data: values.train, testData: values.test, options });
if (!train.labels || !test?.labels) throw new Error(`${name} has no labels for both training and test ${unit}`);
const [labels, queryLabels] = [train.labels, test.labels];

/** Features with the labels of their rows; samples that cannot be read are left out. */
async function encode(module: AnyModule, samples: Samples, indices?: Int32Array) {
  const encoding = { input: encoder.input, files, progress: silentProgress, stage: 'Encoding', ...(indices && { indices }) };
  const features = await modality.encode(module, samples, encoding);
  return { features, labels: Array.from(features.indices, (index) => samples.labels![index]!) };
}

const probe =
  (arm: 'pretrained' | 'untrained') =>
  async ({ indices, seed }: { indices: Int32Array; seed: number }) => {
    const module = arm === 'pretrained' ? encoder.module : encoder.create(createRng(seed).fold('encoder'));
    try {
      const queries = await encode(module, test);
      const found = await linearProbe({
        ...(await encode(module, train, indices)),
        queries: queries.features,
        queryLabels: queries.labels,
        numClasses: 1 + Math.max(...labels, ...queryLabels),
        l2: Number(values.l2),
      });
      return found.accuracy;
    } finally {
      if (arm === 'untrained') module.dispose();
    }
  };
const rows = await labelEfficiencyCurve({
  labels,
  arms: { pretrained: probe('pretrained'), untrained: probe('untrained') },
  counts: values.counts.split(',').map((count) => (count === 'all' ? 'all' : Number(count))),
  seeds: values.seeds.split(',').map(Number),
  onTrial: (trial) => {
    console.log(JSON.stringify(trial));
  },
});
console.log(formatLabelCurve(rows));
encoder.dispose();

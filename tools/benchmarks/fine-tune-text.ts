// Fine-tuning on labeled texts, from a checkpoint and from scratch, with few and with all labels.
// usage: node --conditions=@selfsup/source tools/benchmarks/fine-tune-text.ts --train train.tsv --test test.tsv --tokenizer vocab.txt
//   [--checkpoint run/checkpoint.safetensors] [--encoder bert-tiny] [--encoder-options '{"maxPositions":128}'] [--counts 100,all] [--seeds 0,1,2]
//   [--arms pretrained,scratch] [--epochs 4] [--min-steps 200] [--batch-size 32] [--learning-rate 3e-4] [--scratch-learning-rate 3e-4]
//   [--length 128] [--pooling first] [--backend auto]
// Prints a JSON line for each training and the table.
import { selectBackend, type SelectBackendOptions } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { openLabeledText, openTokenizer } from '@selfsup/data/node';
import { bertBase, bertMedium, bertMini, bertSmall, bertTiny, saveWeights, type BertOptions } from '@selfsup/encoders';
import { formatLabelCurve } from '@selfsup/evaluate';
import { readCheckpoint, restoreModule } from '@selfsup/trainer';
import { parseArgs } from 'node:util';
import { fineTuneText } from '../../packages/cli/src/fine-tune-text.ts';

const text = { type: 'string' } as const;
const or = (value: string) => ({ ...text, default: value });
const { values } = parseArgs({
  options: {
    train: text,
    test: text,
    tokenizer: text,
    checkpoint: text,
    encoder: or('bert-tiny'),
    'encoder-options': or('{}'),
    counts: or('100,all'),
    seeds: or('0,1,2'),
    arms: text,
    epochs: or('4'),
    'min-steps': or('200'),
    'batch-size': or('32'),
    'learning-rate': or('3e-4'),
    'scratch-learning-rate': text,
    length: or('128'),
    pooling: or('first'),
    backend: or('auto'),
  },
});
const demand = (name: 'train' | 'test' | 'tokenizer') => {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} must be given`);
  return value;
};

const sizes = { 'bert-tiny': bertTiny, 'bert-mini': bertMini, 'bert-small': bertSmall, 'bert-medium': bertMedium, 'bert-base': bertBase };
const size = sizes[values.encoder as keyof typeof sizes];
const backend = await selectBackend({ prefer: values.backend as NonNullable<SelectBackendOptions['prefer']> });
console.error(backend.description);
const tokenizer = await openTokenizer(demand('tokenizer'));
const train = await openLabeledText(demand('train'));
const test = await openLabeledText(demand('test'), { classNames: train.classNames });
const encoderFactory = size({ vocabularySize: tokenizer.vocabularySize, ...(JSON.parse(values['encoder-options']) as BertOptions) });

async function readWeights(checkpoint: string) {
  const encoder = encoderFactory(createRng(0));
  try {
    console.error(`pretrained for ${(await restoreModule(encoder, await readCheckpoint(checkpoint))).step} updates`);
    return await saveWeights(encoder);
  } finally {
    encoder.dispose();
  }
}

const weights = values.checkpoint === undefined ? undefined : await readWeights(values.checkpoint);
const arms = values.arms?.split(',') as ('pretrained' | 'scratch')[] | undefined;
const scratchRate = values['scratch-learning-rate'];
let start = performance.now();
const rows = await fineTuneText({
  encoderFactory,
  ...(weights && { weights }),
  ...(arms && { arms }),
  tokenizer,
  train,
  test,
  counts: values.counts.split(',').map((count) => (count === 'all' ? 'all' : Number(count))),
  seeds: values.seeds.split(',').map(Number),
  epochs: Number(values.epochs),
  minSteps: Number(values['min-steps']),
  batchSize: Number(values['batch-size']),
  learningRate: Number(values['learning-rate']),
  ...(scratchRate !== undefined && { scratchLearningRate: Number(scratchRate) }),
  length: Number(values.length),
  pooling: values.pooling as 'first' | 'mean',
  onTrial: (trial) => {
    console.log(JSON.stringify({ ...trial, seconds: Number(((performance.now() - start) / 1000).toFixed(1)) }));
    start = performance.now();
  },
});
console.log(formatLabelCurve(rows));

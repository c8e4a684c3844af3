import { readFileSync } from 'node:fs';
import type { AnyPretextTask, Batch, Targets } from '@selfsup/core';
import { bert, bertDecoder, linear, maskedLanguageHead, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { simCse } from './sim-cse.ts';
import { linearHead, smoothEncoder } from '../fixtures/conformance-rows.ts';
import { spanCorruption } from './span-corruption.ts';
import { timeContrastive } from './time-contrastive.ts';
import { tsdae } from './tsdae.ts';

interface Values {
  shape: number[];
  values: number[];
}
type Name = 'time-contrastive' | 'sim-cse' | 'tsdae' | 'tsdae of its own' | 'span-corruption';
interface Fixture {
  meta: { versions: string };
  config: { numLayers: number; width: number; numHeads: number; vocabularySize: number; maxPositions: number };
  rate: number;
  start: Readonly<Record<string, Values>>;
  batches: Readonly<Record<string, Values>>[];
  frames: Values[];
  runs: Readonly<Record<Name, ReferenceStep[]>>;
}
const { meta, config, rate, start, batches, frames, runs } = JSON.parse(
  readFileSync(new URL('../fixtures/text-more.json', import.meta.url), 'utf8'),
) as Fixture;
const { width } = config;

const backbone = bert({ ...config, dropoutRate: 0, attentionDropoutRate: 0 });
const head = maskedLanguageHead(config);
const ids = ({ values }: Values) => Int32Array.from(values);
/** What of the batches is asked for in turn, one for each step. */
const inTurn = <R>(of: (batch: Fixture['batches'][number]) => R) => {
  let asked = 0;
  return () => of(batches[asked++]!);
};

/** The backbone with the factors of the fixture in the place of dropout, two for each step. */
const dropping = (rng: Parameters<typeof backbone>[0]) => {
  const encoder = backbone(rng);
  let passes = 0;
  const encode: typeof encoder.encode = (sequences, apply) => {
    const { shape, values } = batches[passes >> 1]!['factors']!;
    const size = values.length / 2;
    const factors = tf.tensor(values.slice((passes & 1) * size, (1 + (passes & 1)) * size), shape.slice(1));
    passes++;
    return tf.mul(encoder.encode(sequences, apply), factors);
  };
  return { ...encoder, encode };
};

const deletion = () =>
  inTurn(({ noisyIds, noisyMask }) => ({ tokenIds: ids(noisyIds!), attentionMask: ids(noisyMask!), length: noisyIds!.shape[1]! }));
const tasks: Readonly<Record<Name, AnyPretextTask>> = {
  'time-contrastive': timeContrastive({ backbone: smoothEncoder, projectionHead: linearHead }),
  'sim-cse': simCse({
    backbone: dropping,
    projectionHead: sequential<tf.Tensor2D, tf.Tensor2D>({
      linear: linear({ inputDim: width, outputDim: width }),
      tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
    }),
  }),
  tsdae: tsdae({
    backbone,
    decoder: bertDecoder({ memory: 'vector', tied: true }),
    head,
    deletion: deletion(),
  }),
  'tsdae of its own': tsdae({
    backbone,
    decoder: bertDecoder({ memory: 'vector' }),
    head,
    deletion: deletion(),
    pooling: 'mean',
  }),
  'span-corruption': spanCorruption({
    backbone,
    decoder: bertDecoder(),
    head,
    corruption: inTurn(({ corruptedIds, corruptedMask, decoderIds, labels }) => ({
      tokenIds: ids(corruptedIds!),
      attentionMask: ids(corruptedMask!),
      decoderIds: ids(decoderIds!),
      labels: ids(labels!),
      length: corruptedIds!.shape[1]!,
      targetLength: decoderIds!.shape[1]!,
    })),
  }),
};

it.each(Object.keys(tasks) as Name[])(`takes three training steps as ${meta.versions} do: %s`, async (name) => {
  const steps = runs[name];
  const metrics = await checkSteps<Batch, Targets>(
    {
      task: tasks[name],
      rate,
      start: Object.fromEntries(
        Object.keys(steps[0]!.values!).map((path) => [path, start[name === 'time-contrastive' ? `clips/${path}` : path]!]),
      ),
      steps,
      // a constant added to all scores of a row changes nothing
      frozen: (path) => path.endsWith('key/bias'),
    },
    (step) => {
      const { tokenIds, attentionMask } = batches[step]!;
      const tensor = ({ values, shape }: Values) => tf.tensor(values, shape, 'int32');
      if (name === 'time-contrastive') return { frames: tf.tensor(frames[step]!.values, frames[step]!.shape) };
      return { tokenIds: tensor(tokenIds!), attentionMask: tensor(attentionMask!) };
    },
  );
  expect(metrics.every(({ accuracy }) => accuracy! >= 0 && accuracy! <= 1)).toBe(true);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '@selfsup/core';
import { discriminatorHead, loadWeights, toHuggingFaceBert, type PretrainedBert } from '@selfsup/encoders';
import { decodeSafetensors, encodeSafetensors } from '@selfsup/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import expected from '../../../fixtures/hugging-face/expected.json' with { type: 'json' };
import { readHuggingFace } from './read-hugging-face.ts';

const fixture = fileURLToPath(new URL('../../../fixtures/hugging-face', import.meta.url));
const rng = createRng(0);
const [batch, length] = expected.shape as [number, number];
const ids = (values: number[]) => tf.tensor2d(values, [batch, length], 'int32');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The largest difference in units of the largest value. */
function gap(actual: ArrayLike<number>, wanted: readonly number[]): number {
  expect(actual.length).toBe(wanted.length);
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

/** Makes the three networks, uses them and disposes them. */
async function withNetworks<T>(pretrained: PretrainedBert, use: (networks: ReturnType<typeof build>) => Promise<T>): Promise<T> {
  const networks = build(pretrained);
  try {
    return await use(networks);
  } finally {
    for (const part of Object.values(networks)) part.dispose();
  }
}
const build = (pretrained: PretrainedBert) => ({
  backbone: pretrained.backbone(rng),
  head: pretrained.head!(rng),
  nextSentenceHead: pretrained.nextSentenceHead!(rng),
});

/** All outputs at all positions. */
function outputs({
  backbone,
  head,
  nextSentenceHead,
}: ReturnType<typeof build>): Record<'states' | 'logits' | 'nextSentence', ArrayLike<number>> {
  return tf.tidy(() => {
    const sequences = {
      tokenIds: ids(expected.tokenIds),
      attentionMask: ids(expected.attentionMask),
      segmentIds: ids(expected.segmentIds),
    };
    const states = backbone.encode(sequences, { training: false });
    const positions = tf.range(0, batch * length, 1, 'int32');
    const logits = head.predict(states, { positions, wordEmbedding: backbone.wordEmbedding });
    const first = tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [batch, 1, -1]), [batch, -1]);
    const nextSentence = nextSentenceHead.apply(first, { training: false });
    return { states: states.dataSync(), logits: logits.dataSync(), nextSentence: nextSentence.dataSync() };
  });
}

it('a folder of transformers is read: hidden states, word logits and next-sentence logits agree', async () => {
  const pretrained = await readHuggingFace(fixture);
  expect(pretrained.options).toEqual({ numLayers: 2, width: 16, numHeads: 2, vocabularySize: 29, maxPositions: 10, numSegments: 2, embeddingDim: 16, dropoutRate: 0.1, attentionDropoutRate: 0.1, hiddenDim: 64, epsilon: 1e-12 }); // prettier-ignore
  const actual = await withNetworks(pretrained, (networks) => Promise.resolve(outputs(networks)));
  for (const name of ['states', 'logits', 'nextSentence'] as const) expect(gap(actual[name], expected[name]), name).toBeLessThan(1e-5);
});

it('what was read is written with the same tensors, bit for bit, and a config that says the same', async () => {
  const { config, metadata, tensors } = await withNetworks(await readHuggingFace(fixture), toHuggingFaceBert);
  const theirs = decodeSafetensors(readFileSync(join(fixture, 'model.safetensors')));
  const ours = decodeSafetensors(encodeSafetensors({ metadata, tensors }));
  expect(ours.metadata).toEqual({ format: 'pt' });
  expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
  for (const [name, tensor] of theirs.tensors) expect(ours.tensors.get(name), name).toEqual(tensor);
  const of = JSON.parse(readFileSync(join(fixture, 'config.json'), 'utf8')) as Record<string, unknown>;
  for (const [key, value] of Object.entries(config)) if (key in of) expect([key, value]).toEqual([key, of[key]]);
});

it("the discriminator's head is ELECTRA's", () => {
  const { states, logits, ...weights } = expected.discriminator;
  const head = discriminatorHead({ width: 16 })(rng);
  const shapes: Record<string, number[]> = { 'dense/kernel': [16, 16], 'dense/bias': [16], 'output/kernel': [16, 1], 'output/bias': [1] };
  loadWeights(head, Object.fromEntries(Object.entries(weights).map(([path, data]) => [path, { shape: shapes[path]!, data: Float32Array.from(data) }]))); // prettier-ignore
  const actual = tf.tidy(() => head.apply(tf.tensor2d(states, [5, 16]), { training: false }).dataSync());
  expect(gap(actual, logits)).toBeLessThan(1e-5);
  head.dispose();
});

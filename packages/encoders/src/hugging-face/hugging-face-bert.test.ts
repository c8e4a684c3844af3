import { createRng, type Module } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { bert } from '../bert.ts';
import { discriminatorHead } from '../discriminator-head.ts';
import { maskedLanguageHead } from '../masked-language-head.ts';
import { nextSentenceHead } from '../next-sentence-head.ts';
import { saveWeights } from '../save-weights.ts';
import { fromHuggingFaceBert } from './from-hugging-face-bert.ts';
import { toHuggingFaceBert } from './to-hugging-face-bert.ts';

const size = {
  numLayers: 2,
  width: 8,
  numHeads: 2,
  vocabularySize: 11,
  maxPositions: 6,
  numSegments: 3,
  dropoutRate: 0.2,
  attentionDropoutRate: 0,
};
const rng = createRng(0);
const make = (seed: number) => {
  const root = createRng(seed);
  return { backbone: bert(size)(root), head: maskedLanguageHead(size)(root), nextSentenceHead: nextSentenceHead(size)(root) };
};
const disposeAll = (...parts: { dispose(): void }[]) => {
  for (const part of parts) part.dispose();
};

it('turns kernels round and keeps everything else', async () => {
  const { backbone, head, nextSentenceHead: next } = make(1);
  const { config, tensors } = await toHuggingFaceBert({ backbone, head, nextSentenceHead: next, paddingId: 5 });
  expect(config).toMatchObject({
    model_type: 'bert',
    architectures: ['BertForPreTraining'],
    intermediate_size: 32,
    type_vocab_size: 3,
    pad_token_id: 5,
  });
  const ours = await saveWeights(backbone);
  const kernel = ours['encoder/layer1/intermediate/kernel']!; // [8, 32]
  const theirs = tensors.get('bert.encoder.layer.1.intermediate.dense.weight')!; // [32, 8]
  expect(theirs.shape).toEqual([32, 8]);
  for (let i = 0; i < 8; i++) for (let j = 0; j < 32; j++) expect(theirs.data[j * 8 + i]).toBe(kernel.data[i * 32 + j]);
  expect(tensors.get('bert.embeddings.token_type_embeddings.weight')).toEqual({ dtype: 'F32', ...ours['embeddings/segment/weight'] });
  expect(tensors.size).toBe([backbone, head, next].reduce((sum, part) => sum + Object.keys(part.trainable).length, 0));

  const read = fromHuggingFaceBert({ config, tensors });
  expect(read.options).toEqual({ ...size, embeddingDim: 8, hiddenDim: 32, epsilon: 1e-12 });
  const again = [read.backbone(rng), read.head!(rng), read.nextSentenceHead!(rng)];
  for (const [i, part] of [backbone, head, next].entries()) expect(await saveWeights(again[i]!)).toEqual(await saveWeights(part));
  disposeAll(backbone, head, next, ...again);
});

it('refuses a config that is nested deeply, in a short message', () => {
  const hidden_size: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  const config = { model_type: 'bert', num_hidden_layers: 1, hidden_size };
  expect(() => fromHuggingFaceBert({ config, tensors: new Map() })).toThrow(
    '`hidden_size` of config.json must be an integer >= 1, got [[[[[…]]]]]',
  );
});

it('leaves shared embeddings to their owner', async () => {
  const [{ backbone, ...heads }, owner] = [make(1), bert(size)(createRng(2))];
  const { config, tensors } = await toHuggingFaceBert({ backbone });
  const before = await saveWeights(owner);
  const sharing = fromHuggingFaceBert({ config, tensors }).backbone(rng, owner);
  expect(await saveWeights(owner)).toEqual(before);
  const own = Object.entries(await saveWeights(backbone)).filter(([path]) => path.startsWith('encoder/'));
  expect(await saveWeights(sharing)).toEqual(Object.fromEntries(own));
  await expect(toHuggingFaceBert({ backbone: sharing })).rejects.toThrow('`backbone` must have 37 variables, got 32');
  disposeAll(backbone, owner, sharing, heads.head, heads.nextSentenceHead);
});

it.each<[string, () => Module<tf.Tensor2D, tf.Tensor2D>, string[], number]>([
  ['nextSentenceHead', () => nextSentenceHead({ width: 4 })(rng), ['pooler/kernel', 'pooler/bias', 'output/kernel', 'output/bias'], 2],
  ['discriminatorHead', () => discriminatorHead({ width: 4 })(rng), ['dense/kernel', 'dense/bias', 'output/kernel', 'output/bias'], 1],
])('%s has its paths, gradients for each of them, and names itself in errors', (name, build, paths, columns) => {
  const head = build();
  expect(Object.keys(head.trainable)).toEqual(paths);
  const [input, wide] = [tf.ones<tf.Rank.R2>([3, 4]), tf.ones<tf.Rank.R2>([3, 5])];
  const { value, grads } = tf.variableGrads(() => {
    const output = head.apply(input, { training: true });
    expect(output.shape).toEqual([3, columns]);
    return tf.sum<tf.Scalar>(output);
  }, Object.values(head.trainable));
  for (const gradient of Object.values(grads)) expect(tf.tidy(() => tf.max(tf.abs(gradient)).dataSync()[0])).toBeGreaterThan(0);
  expect(() => head.apply(wide, { training: false })).toThrow(`${name}: \`input\` must have shape [batch, 4]`);
  tf.dispose([input, wide, value, grads]);
  head.dispose();
});

it('refuses a width that is no size', () => {
  expect(() => nextSentenceHead({ width: 0 })).toThrow('nextSentenceHead: `width` must be an integer >= 1, got 0');
  expect(() => discriminatorHead({ width: 1.5 })).toThrow('discriminatorHead: `width` must be an integer >= 1, got 1.5');
});

import { createRng } from '@selfsup/core';
import { saveWeights } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it } from 'vitest';
import { buildTextRun } from '../../../fixtures/tiny-text.ts';
import { fromHuggingFaceFiles } from './from-hugging-face-files.ts';
import { huggingFaceFiles } from './hugging-face-files.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const exported = huggingFaceFiles;
const parse = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;

/** A run of few updates, as an export gets it, disposed. */
async function contextOf(task: string): Promise<Parameters<typeof huggingFaceFiles>[0]> {
  const { run, data, train, trainer } = await buildTextRun(task);
  await train(2);
  const checkpoint = await trainer.save();
  trainer.dispose();
  return { checkpoint, input: run.input, files: data.files!, encoder: run.encoder, options: run.options };
}

it.each([
  ['masked-language', 'BertForMaskedLM', ['options', 'backbone', 'head'], false],
  ['next-token', 'BertLMHeadModel', ['options', 'backbone', 'head'], true],
  ['replaced-token', 'BertModel', ['options', 'backbone'], false],
  ['tsdae', 'BertModel', ['options', 'backbone'], false], // their heads read a decoder
  ['span-corruption', 'BertModel', ['options', 'backbone'], false],
])('exports what %s trained as %s, bit for bit', async (task, architecture, parts, isDecoder) => {
  const context = await contextOf(task);
  const { numTensors } = tf.memory();
  const files = await exported(context);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(Object.keys(files)).toEqual([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
  ]);
  const config = parse(files['config.json']!);
  expect(config).toMatchObject({
    architectures: [architecture],
    hidden_size: 32,
    num_attention_heads: 2,
    hidden_dropout_prob: 0,
    pad_token_id: 0,
  });
  expect(config['is_decoder']).toBe(isDecoder);
  expect(parse(files['tokenizer.json']!)).toEqual(JSON.parse(context.files['tokenizer.json']!));
  expect(parse(files['tokenizer_config.json']!)).toMatchObject({ tokenizer_class: 'BertTokenizer', model_max_length: 18 });
  expect(parse(files['special_tokens_map.json']!)).toMatchObject({ mask_token: '[MASK]' });
  // we read encoders only
  const asEncoder = { ...files, 'config.json': new TextEncoder().encode(JSON.stringify({ ...config, is_decoder: false })) };
  const pretrained = fromHuggingFaceFiles(asEncoder);
  expect(Object.keys(pretrained)).toEqual(parts);
  const backbone = pretrained.backbone(createRng(0));
  const trained = decodeSafetensors(context.checkpoint).tensors;
  for (const [path, { shape, data }] of Object.entries(await saveWeights(backbone)))
    expect(trained.get(`trainable/backbone/${path}`), path).toEqual({ dtype: 'F32', shape, data });
  backbone.dispose();
});

it('says what is wrong', async () => {
  const context = await contextOf('masked-language');
  await expect(exported({ ...context, checkpoint: context.checkpoint.subarray(0, -4) })).rejects.toMatchObject({
    code: 'SELFSUP_CHECKPOINT',
  });
  await expect(exported({ ...context, files: {} })).rejects.toThrow('the run has no tokenizer.json');
  await expect(exported({ ...context, input: { size: 32 } })).rejects.toThrow('the encoder does not take text');
  const { 'model.safetensors': checkpoint } = await exported(context);
  await expect(exported({ ...context, checkpoint: checkpoint! })).rejects.toThrow('expected a checkpoint of format selfsup, got format pt');
  expect(() => fromHuggingFaceFiles({})).toThrow('there is no config.json');
});

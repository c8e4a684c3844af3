import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '@selfsup/core';
import {
  bert,
  discriminatorHead,
  loadWeights,
  maskedLanguageHead,
  nextSentenceHead,
  saveWeights,
  type PretrainedBert,
} from '@selfsup/encoders';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import expected from '../../fixtures/hugging-face/expected.json' with { type: 'json' };
import { exportHuggingFace } from './export-hugging-face.ts';
import { readHuggingFace } from './read-hugging-face.ts';

const fixture = fileURLToPath(new URL('../../fixtures/hugging-face', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'selfsup-hugging-face-'));
const rng = createRng(0);
let count = 0;
const fresh = () => join(root, `folder${count++}`);
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
  expect(pretrained.options).toEqual({ numLayers: 2, width: 16, numHeads: 2, vocabularySize: 29, maxPositions: 10, numSegments: 2, embeddingDim: 16, dropoutRate: 0.1, attentionDropoutRate: 0.1 }); // prettier-ignore
  const actual = await withNetworks(pretrained, (networks) => Promise.resolve(outputs(networks)));
  for (const name of ['states', 'logits', 'nextSentence'] as const) expect(gap(actual[name], expected[name]), name).toBeLessThan(1e-5);
});

it('what was read is written with the same tensors, bit for bit, and a config that says the same', async () => {
  const out = fresh();
  await withNetworks(await readHuggingFace(fixture), (networks) => exportHuggingFace({ ...networks, out }));
  const read = (folder: string) => decodeSafetensors(readFileSync(join(folder, 'model.safetensors')));
  const [theirs, ours] = [read(fixture), read(out)];
  expect(ours.metadata).toEqual({ format: 'pt' });
  expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
  for (const [name, tensor] of theirs.tensors) expect(ours.tensors.get(name), name).toEqual(tensor);
  const config = (folder: string) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const of = config(fixture);
  for (const [key, value] of Object.entries(config(out))) if (key in of) expect([key, value]).toEqual([key, of[key]]);
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

describe('exportHuggingFace', () => {
  const small = { numLayers: 1, width: 8, numHeads: 2, vocabularySize: 11, maxPositions: 4, dropoutRate: 0 };
  const made = () => {
    const [backbone, head] = [bert(small)(rng), maskedLanguageHead(small)(rng)];
    return { backbone, head, [Symbol.dispose]: () => [backbone, head].forEach((part) => part.dispose()) };
  };

  it.each([
    ['BertForMaskedLM', true, 'bert.embeddings.LayerNorm.weight'],
    ['BertModel', false, 'embeddings.LayerNorm.weight'],
  ])('writes a folder for %s that can be read, with the tokenizer', async (architecture, withHead, name) => {
    const [vocab, out] = [join(root, 'vocab.txt'), join(fresh(), 'deep')];
    writeFileSync(vocab, '[PAD]\n');
    using parts = made();
    const files = await exportHuggingFace({
      backbone: parts.backbone,
      ...(withHead ? { head: parts.head } : {}),
      tokenizerFiles: [vocab],
      out,
    });
    expect(files).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
    expect(readdirSync(out).sort()).toEqual(files);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
      architectures: [architecture],
      hidden_dropout_prob: 0,
    });
    expect(decodeSafetensors(readFileSync(join(out, 'model.safetensors'))).tensors.has(name)).toBe(true);
    const pretrained = await readHuggingFace(out);
    expect(pretrained.head !== undefined).toBe(withHead);
    const again = pretrained.backbone(rng);
    expect(await saveWeights(again)).toEqual(await saveWeights(parts.backbone));
    again.dispose();
  });

  it('writes nothing where files are, and leaves nothing behind when a file is missing', async () => {
    using parts = made();
    const { backbone, head } = parts;
    const taken = fresh();
    mkdirSync(taken);
    writeFileSync(join(taken, 'a'), '');
    await expect(exportHuggingFace({ backbone, head, out: taken })).rejects.toThrow('must be a new or empty folder');
    expect(readdirSync(taken)).toEqual(['a']);
    await expect(exportHuggingFace({ backbone, head, out: join(taken, 'a') })).rejects.toThrow('is a file');
    const out = fresh();
    await expect(exportHuggingFace({ backbone, out, tokenizerFiles: [join(root, 'nowhere.txt')] })).rejects.toThrow(
      'cannot write the folder',
    );
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(root).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('refuses a narrow embedding and heads of another encoder', async () => {
    using parts = made();
    const narrow = bert({ ...small, embeddingDim: 4 })(rng);
    const wide = nextSentenceHead({ width: 16 })(rng);
    await expect(exportHuggingFace({ backbone: narrow, out: fresh() })).rejects.toThrow('must have embeddings of its width, 8, as BERT has, got embeddingDim 4'); // prettier-ignore
    await expect(exportHuggingFace({ backbone: parts.backbone, nextSentenceHead: wide, out: fresh() })).rejects.toThrow('`pooler/kernel` of `nextSentenceHead` must have shape [8, 8], got [16, 16]'); // prettier-ignore
    narrow.dispose();
    wide.dispose();
  });
});

type Tensors = Map<string, SafetensorsTensor>;

describe('readHuggingFace', () => {
  const bytes = () => readFileSync(join(fixture, 'model.safetensors'));
  const config = () => JSON.parse(readFileSync(join(fixture, 'config.json'), 'utf8')) as Record<string, unknown>;
  const folder = (content: { config?: string | Record<string, unknown>; bytes?: Uint8Array; change?: (tensors: Tensors) => void }) => {
    const path = fresh();
    mkdirSync(path);
    const written = content.config ?? config();
    writeFileSync(join(path, 'config.json'), typeof written === 'string' ? written : JSON.stringify(written));
    const tensors = new Map(decodeSafetensors(bytes()).tensors);
    content.change?.(tensors);
    writeFileSync(
      join(path, 'model.safetensors'),
      content.bytes ?? (content.change ? encodeSafetensors({ metadata: {}, tensors }) : bytes()),
    );
    return path;
  };
  const tensor = (shape: number[]): SafetensorsTensor => ({
    dtype: 'F32',
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const renameAll = (tensors: Tensors, rename: (name: string) => string | undefined) => {
    const entries = [...tensors];
    tensors.clear();
    for (const [name, value] of entries) {
      const renamed = rename(name);
      if (renamed) tensors.set(renamed, value);
    }
  };
  const withHeader = (edit: (header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>) => void) => {
    const old = bytes();
    const end = 8 + Number(old.readBigUInt64LE(0));
    const header = JSON.parse(old.toString('utf8', 8, end)) as Parameters<typeof edit>[0];
    edit(header);
    const json = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([size, json, old.subarray(end)]);
  };
  const word = 'bert.embeddings.word_embeddings.weight';

  const bad: [string, () => Parameters<typeof folder>[0], RegExp][] = [
    ['a file cut short', () => ({ bytes: bytes().subarray(0, -100) }), /must lie within the \d+ bytes of data/],
    ['a file cut within its header', () => ({ bytes: bytes().subarray(0, 500) }), /the header must have 2 to 492 bytes, says \d+/],
    ['overlapping offsets', () => ({ bytes: withHeader((header) => (header[word]!.data_offsets = header['bert.pooler.dense.weight']!.data_offsets)) }), /must have \d+ bytes|must start at byte/], // prettier-ignore
    ['an unknown dtype', () => ({ bytes: withHeader((header) => (header[word]!.dtype = 'F4')) }), /must have a dtype of F32.*got "F4"/],
    ['a wrong size', () => ({ bytes: withHeader((header) => (header[word]!.shape = [30, 16])) }), /of F32 \[30, 16\] must have 1920 bytes, got 1856/],
    ['a header that is no JSON', () => ({ bytes: bytes().fill(0x2c, 8, 20) }), /the header is not JSON/],
    ['a config that is no JSON', () => ({ config: '{' }), /config\.json is no JSON/],
    ['a config that is a list', () => ({ config: '[]' }), /config\.json must hold an object, got \[\]/],
    ['another model', () => ({ config: { ...config(), model_type: 'roberta' } }), /`model_type` of config\.json must be "bert", got "roberta"/],
    ['no size', () => ({ config: { ...config(), hidden_size: undefined } }), /`hidden_size` of config\.json must be an integer >= 1, got nothing/],
    ['half a layer', () => ({ config: { ...config(), num_hidden_layers: 1.5 } }), /`num_hidden_layers` .* must be an integer >= 1, got 1\.5/],
    ['heads that do not divide', () => ({ config: { ...config(), num_attention_heads: 3 } }), /`hidden_size` .* a multiple of num_attention_heads, 3, got 16/],
    ['another GELU', () => ({ config: { ...config(), hidden_act: 'gelu_new' } }), /`hidden_act` .* must be "gelu", got "gelu_new"/],
    ['relative positions', () => ({ config: { ...config(), position_embedding_type: 'relative_key' } }), /must be "absolute", got "relative_key"/],
    ['another epsilon', () => ({ config: { ...config(), layer_norm_eps: 1e-5 } }), /`layer_norm_eps` .* must be 1e-12, got 0\.00001/],
    ['another inner width', () => ({ config: { ...config(), intermediate_size: 32 } }), /`intermediate_size` .* must be 4 · hidden_size, 64, got 32/],
    ['another vocabulary', () => ({ config: { ...config(), vocab_size: 30 } }), /by the config `embeddings\.word_embeddings\.weight` must have shape \[30, 16\], got \[29, 16\]/],
    ['a layer too many in the config', () => ({ config: { ...config(), num_hidden_layers: 3 } }), /the config asks for `encoder\.layer\.2\.attention\.self\.query\.weight` \[16, 16\], which the file lacks/],
    ['a layer too many in the file', () => ({ config: { ...config(), num_hidden_layers: 1 } }), /the file has `encoder\.layer\.1\..*`.*, for which the config has no place/],
    ['an untied output', () => ({ change: (tensors) => tensors.set('cls.predictions.decoder.weight', tensor([29, 16])) }), /`cls\.predictions\.decoder\.weight` must equal/],
    ['integers for weights', () => ({ change: (tensors) => tensors.set(word, { dtype: 'I32', shape: [29, 16], data: new Int32Array(29 * 16) }) }), /`embeddings\.word_embeddings\.weight` must be of F32, got I32/],
    ['half a head', () => ({ change: (tensors) => tensors.delete('cls.predictions.transform.dense.bias') }), /asks for `cls\.predictions\.transform\.dense\.bias` \[16\], which the file lacks/],
  ]; // prettier-ignore
  it.each(bad)('refuses %s', async (_, content, message) => {
    await expect(readHuggingFace(folder(content()))).rejects.toMatchObject({
      code: 'SELFSUP_CHECKPOINT',
      message: expect.stringMatching(message) as string,
    });
  });

  it('names what a folder lacks', async () => {
    await expect(readHuggingFace(root)).rejects.toThrow('must hold config.json and model.safetensors');
  });

  it('takes other names and what others add: no prefix, gamma and beta, position ids, a copy of the tied weights, a classifier', async () => {
    const path = folder({
      change(tensors) {
        renameAll(tensors, (name) => name.replace(/^bert\./, '').replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')); // prettier-ignore
        tensors.set('embeddings.position_ids', { dtype: 'I32', shape: [1, 10], data: new Int32Array(10) });
        tensors.set('cls.predictions.decoder.weight', tensors.get('embeddings.word_embeddings.weight')!);
        tensors.set('cls.predictions.decoder.bias', tensors.get('cls.predictions.bias')!);
        tensors.delete('cls.predictions.bias');
        tensors.set('classifier.weight', tensor([3, 16]));
      },
    });
    const actual = await withNetworks(await readHuggingFace(path), (networks) => Promise.resolve(outputs(networks)));
    expect(gap(actual.logits, expected.logits)).toBeLessThan(1e-5);
  });

  it('has no head where the file has none', async () => {
    const change = (tensors: Tensors) => {
      renameAll(tensors, (name) => (name.startsWith('cls.') ? undefined : name));
    };
    expect(Object.keys(await readHuggingFace(folder({ change })))).toEqual(['options', 'backbone']);
  });
});

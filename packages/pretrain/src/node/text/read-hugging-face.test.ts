import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng, type Rng } from '@selfsup/core';
import { saveWeights, type PretrainedBert, type VariableOwner } from '@selfsup/encoders';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@selfsup/safetensors';
import { describe, expect, it } from 'vitest';
import { readHuggingFace } from './read-hugging-face.ts';

const fixture = fileURLToPath(new URL('../../../fixtures/hugging-face', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'selfsup-read-'));
let count = 0;
const fresh = () => join(root, `folder${count++}`);

async function weightsOf({ backbone, head, nextSentenceHead }: PretrainedBert) {
  const read = async (factory: (rng: Rng) => VariableOwner & { dispose(): void }) => {
    const network = factory(createRng(0));
    const weights = await saveWeights(network);
    network.dispose();
    return weights;
  };
  return Promise.all([read(backbone), read(head!), read(nextSentenceHead!)]);
}

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
  const query = 'bert.encoder.layer.0.attention.self.query.weight';

  const bad: [string, () => Parameters<typeof folder>[0], RegExp][] = [
    ['a file cut short', () => ({ bytes: bytes().subarray(0, -100) }), /must lie within the \d+ bytes of data/],
    ['a file cut within its header', () => ({ bytes: bytes().subarray(0, 500) }), /the header must have 2 to 492 bytes, says \d+/],
    ['overlapping offsets', () => ({ bytes: withHeader((header) => (header[query]!.data_offsets = header[query.replace('query', 'key')]!.data_offsets)) }), /must start at byte \d+ of the data, got \d+/], // prettier-ignore
    ['an unknown dtype', () => ({ bytes: withHeader((header) => (header[word]!.dtype = 'F4')) }), /must have a dtype of F32.*got "F4"/],
    ['a wrong size', () => ({ bytes: withHeader((header) => (header[word]!.shape = [30, 16])) }), /of F32 \[30, 16\] must have 1920 bytes, got 1856/],
    ['a header that is not JSON', () => ({ bytes: bytes().fill(0x2c, 8, 20) }), /the header is not valid JSON/],
    ['a config that is not JSON', () => ({ config: '{' }), /config\.json is not valid JSON/],
    ['a config that is a list', () => ({ config: '[]' }), /config\.json must hold an object, got \[\]/],
    ['another model', () => ({ config: { ...config(), model_type: 'roberta' } }), /`model_type` of config\.json must be "bert", got "roberta"/],
    ['no size', () => ({ config: { ...config(), hidden_size: undefined } }), /`hidden_size` of config\.json must be an integer >= 1, got nothing/],
    ['half a layer', () => ({ config: { ...config(), num_hidden_layers: 1.5 } }), /`num_hidden_layers` .* must be an integer >= 1, got 1\.5/],
    ['heads that do not divide', () => ({ config: { ...config(), num_attention_heads: 3 } }), /`hidden_size` .* a multiple of num_attention_heads, 3, got 16/],
    ['another GELU', () => ({ config: { ...config(), hidden_act: 'gelu_new' } }), /`hidden_act` .* must be "gelu", got "gelu_new"/],
    ['relative positions', () => ({ config: { ...config(), position_embedding_type: 'relative_key' } }), /must be "absolute", got "relative_key"/],
    ['an epsilon of nothing', () => ({ config: { ...config(), layer_norm_eps: 0 } }), /`layer_norm_eps` .* must be a number > 0, got 0/],
    ['another inner width', () => ({ config: { ...config(), intermediate_size: 32 } }), /by the config `encoder\.layer\.0\.intermediate\.dense\.weight` must have shape \[32, 16\], got \[64, 16\] \(and 5 more/],
    ['another vocabulary', () => ({ config: { ...config(), vocab_size: 30 } }), /by the config `embeddings\.word_embeddings\.weight` must have shape \[30, 16\], got \[29, 16\]/],
    ['a layer too many in the config', () => ({ config: { ...config(), num_hidden_layers: 3 } }), /the config asks for `encoder\.layer\.2\.attention\.self\.query\.weight` \[16, 16\], which the file lacks/],
    ['a billion layers', () => ({ config: { ...config(), num_hidden_layers: 1e9 } }), /the config asks for `encoder\.layer\.2\./],
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
    expect(await weightsOf(await readHuggingFace(path))).toEqual(await weightsOf(await readHuggingFace(fixture)));
  });

  it('has no head where the file has none', async () => {
    const change = (tensors: Tensors) => {
      renameAll(tensors, (name) => (name.startsWith('cls.') ? undefined : name));
    };
    expect(Object.keys(await readHuggingFace(folder({ change })))).toEqual(['options', 'backbone']);
  });
});

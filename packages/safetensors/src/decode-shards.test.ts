import { readFileSync } from 'node:fs';
import { SelfsupError } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { decodeShards } from './decode-shards.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import { decodePytorch } from './pytorch.ts';

const shard = (...names: string[]) =>
  encodeSafetensors({
    metadata: {},
    tensors: new Map(names.map((name, i) => [name, { dtype: 'F32' as const, shape: [1], data: Float32Array.of(i) }])),
  });
const files: Record<string, Uint8Array> = { '1.safetensors': shard('a', 'b'), '2.safetensors': shard('c') };
const weightMap = { a: '1.safetensors', c: '2.safetensors', b: '1.safetensors' };
const indexOf = (map: unknown) => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map });
const read = (name: string) => {
  if (!Object.hasOwn(files, name)) throw new Error('no such file');
  return files[name]!;
};

describe('decodeShards', () => {
  it('reads the tensors of all shards, each shard once', async () => {
    const asked: string[] = [];
    const tensors = await decodeShards(indexOf(weightMap), { read: (name) => (asked.push(name), Promise.resolve(read(name))) });
    expect([...tensors].map(([name, { data }]) => `${name} ${data[0]}`)).toEqual(['a 0', 'b 1', 'c 0']);
    expect(asked).toEqual(['1.safetensors', '2.safetensors']);
  });

  it('reads shards of PyTorch', async () => {
    const fixture = JSON.parse(readFileSync(new URL('../fixtures/pytorch.json', import.meta.url), 'utf8')) as { files: { plain: string } };
    const options = { read: () => Buffer.from(fixture.files.plain, 'base64'), decode: decodePytorch };
    expect((await decodeShards(indexOf({ a: 'pytorch_model-00001-of-00001.bin' }), options)).get('a')!.data).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    ['what is not JSON', '{', read, 'the index is not valid JSON'],
    ['an index without a map', '{}', read, 'must have a `weight_map`'],
    ['an empty map', indexOf({}), read, 'must have a `weight_map`'],
    ['an array', indexOf(['a']), read, 'must have a `weight_map`'],
    ['a name twice', '{"weight_map":{"a":"1.safetensors","a":"1.safetensors"}}', read, '`a` twice'],
    ['a path', indexOf({ a: '../1.safetensors' }), read, 'the name of a file beside the index, got "../1.safetensors"'],
    ['a folder', indexOf({ a: 'x/1.safetensors' }), read, 'the name of a file'],
    ['the folder above', indexOf({ a: '..' }), read, 'the name of a file'],
    ["another system's path", indexOf({ a: 'c:\\x' }), read, 'the name of a file'],
    ['a number', indexOf({ a: 1 }), read, 'got 1'],
    ['a missing shard', indexOf({ ...weightMap, d: '3.safetensors' }), read, 'the shard 3.safetensors cannot be read: no such file'],
    ['a missing tensor', indexOf({ ...weightMap, d: '2.safetensors' }), read, 'the shard 2.safetensors lacks `d`'],
    [
      'a tensor in the wrong shard',
      indexOf({ ...weightMap, b: '2.safetensors' }),
      read,
      'the shard 1.safetensors has `b`, which the index puts into 2.safetensors',
    ],
    ['a tensor that the index lacks', indexOf({ a: '1.safetensors' }), read, 'has `b`, which the index does not have'],
    [
      'a truncated shard',
      indexOf(weightMap),
      (name: string) => (name.startsWith('2') ? read(name).subarray(0, -1) : read(name)),
      'the shard 2.safetensors: decodeSafetensors: ',
    ],
  ])('refuses %s', async (_, index, reader, message) => {
    await expect(decodeShards(index, { read: reader })).rejects.toThrow(
      expect.objectContaining({ code: 'SELFSUP_CHECKPOINT', message: expect.stringContaining(message) as string }) as Error,
    );
  });

  it('keeps errors of ours as they are', async () => {
    const error = new SelfsupError('SELFSUP_DATA', 'offline');
    await expect(decodeShards(indexOf(weightMap), { read: () => Promise.reject(error) })).rejects.toThrow(error);
  });
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRng } from '@selfsup/core';
import {
  builtinPlugins,
  createRegistry,
  describeEncoder,
  fromHuggingFaceFiles,
  keepEncoder,
  loadEncoder,
  memoryStore,
  parseMetrics,
  parseRunFile,
  parseRunResult,
  planRun,
  pretrain,
  type RunFile,
} from '@selfsup/pretrain';
import { decodeSafetensors, decodeShards, encodeSafetensors } from '@selfsup/safetensors';
import { decodePytorch } from '@selfsup/safetensors/pytorch';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { unzipSync, zipSync } from 'fflate';
import { toCheckedJson } from '../../packages/pretrain/src/checked-json.ts';
import type { Chance } from './chance.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson, mutateValue } from './mutate-json.ts';
import { assertRight, assertShape, mutateOneOf, type Subject } from './subject.ts';
import type { TinyRun } from './tiny-runs.ts';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A safetensors file whose header is mutated as JSON, with the right length. */
function mutateHeader(bytes: Uint8Array, chance: Chance): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = Buffer.from(mutateJson(decode(bytes.subarray(8, 8 + length)), chance));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(header.length));
  return new Uint8Array(Buffer.concat([start, header, bytes.subarray(8 + length)]));
}

const mutateTensors = (bytes: Uint8Array, chance: Chance) =>
  chance.happens(0.5) ? mutateBytes(bytes, chance) : mutateHeader(bytes, chance);

/** A file of PyTorch: its bytes are mutated, or its pickle, with the right sizes and CRC-32. */
function mutateTorch(bytes: Uint8Array, chance: Chance): Uint8Array {
  if (chance.happens(0.4)) return mutateBytes(bytes, chance);
  const files = unzipSync(bytes);
  const name = Object.keys(files).find((path) => path.endsWith('/data.pkl'))!;
  return zipSync({ ...files, [name]: mutateBytes(files[name]!, chance) }, { level: chance.happens(0.5) ? 0 : 6 });
}

/** The files of a run that is trained in memory. */
async function trainRun({ config }: TinyRun): Promise<(name: string) => Uint8Array> {
  const store = memoryStore('run');
  const events = pretrain({ ...config, epochs: 1 }, { store });
  while (!(await events.next()).done);
  const names = await store.list();
  const files = new Map(await Promise.all(names.map(async (name) => [name, (await store.read(name))!] as const)));
  return (name) => files.get(name)!;
}

/** A JSON file of a run with a mutation: of its bytes, its text, or its values with a check that fits. */
function mutateChecked(text: string, chance: Chance): string {
  if (chance.happens(0.3)) return decode(mutateBytes(Buffer.from(text), chance));
  if (chance.happens(0.3)) return mutateJson(text, chance);
  const value = JSON.parse(text) as Record<string, unknown>;
  delete value['check'];
  for (;;)
    try {
      const mutated = mutateValue(value, chance);
      return toCheckedJson(typeof mutated === 'object' && mutated !== null ? mutated : { mutated });
    } catch {
      // nested too deeply to be written
    }
}

function checkpointSubjects(checkpoint: Uint8Array, encoder: Uint8Array, own: RunFile): Subject[] {
  const networkOf = ({ encoder, input, modality }: Pick<RunFile, 'encoder' | 'input' | 'modality'>) =>
    JSON.stringify([encoder, input, modality]);
  return [
    {
      name: 'damaged checkpoints',
      async read(chance) {
        const mutated = mutateTensors(chance.pick([checkpoint, encoder]), chance);
        await keepEncoder(mutated, 'backbone');
        (await loadEncoder(mutated)).dispose();
        assertRight([checkpoint, encoder].some((bytes) => Buffer.from(mutated).equals(bytes)), 'its hash does not fit'); // prettier-ignore
      },
    },
    {
      name: 'checkpoints with a right hash',
      async read(chance) {
        const { metadata, tensors } = await decodeCheckpoint('mutated', encoder);
        const key = chance.pick(['run', 'files', 'step', 'task', 'seed', 'api']);
        const mutated = { ...metadata, [key]: mutateJson(metadata[key] ?? '{"tokenizer.json":"{}"}', chance) };
        const bytes = await encodeCheckpoint({ metadata: mutated, tensors });
        // a network of any size may be asked for, and is made before it is compared with the tensors
        if (networkOf(await describeEncoder(bytes)) === networkOf(own)) (await loadEncoder(bytes)).dispose();
      },
    },
  ];
}

/**
 * Readers of checkpoints, encoders, the files of a run, and of what transformers wrote.
 *
 * @param tiny a run to train
 */
export async function runSubjects(tiny: TinyRun): Promise<Subject[]> {
  const file = await trainRun(tiny);
  const encoder = file('encoder.safetensors');
  const [run, result, metrics] = ['run.json', 'result.json', 'metrics.jsonl'].map((name) => decode(file(name))) as [string, string, string];
  const registry = createRegistry(builtinPlugins);
  const small = encodeSafetensors({
    metadata: { format: 'pt' },
    tensors: new Map([
      ['a', { dtype: 'F32' as const, shape: [2, 3], data: new Float32Array(6) }],
      ['b', { dtype: 'I32' as const, shape: [], data: new Int32Array(1) }],
      ['c', { dtype: 'BOOL' as const, shape: [3], data: Uint8Array.of(0, 1, 1) }],
    ] as const),
  });
  const torch = JSON.parse(readFileSync(new URL('../../packages/safetensors/fixtures/pytorch.json', import.meta.url), 'utf8')) as {
    files: Readonly<Record<string, string>>;
  };
  const torchFiles = ['state', 'views', 'types', 'checkpoint'].map((name) => new Uint8Array(Buffer.from(torch.files[name]!, 'base64')));
  const folder = fileURLToPath(new URL('../../packages/pretrain/fixtures/hugging-face/', import.meta.url));
  const huggingFace = Object.fromEntries(['config.json', 'model.safetensors'].map((name) => [name, readFileSync(folder + name)]));
  return [
    {
      name: 'safetensors',
      read(chance) {
        for (const { shape, data } of decodeSafetensors(mutateTensors(small, chance)).tensors.values()) assertShape(data, shape);
      },
    },
    {
      name: 'shards with an index',
      async read(chance) {
        const index = mutateJson(
          '{"metadata":{"total_size":31},"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"1.safetensors"}}',
          chance,
        );
        const read = (name: string) => {
          assertRight(!/[/\\]|^\.+$/.test(name), 'a shard was asked for by a path');
          return chance.happens(0.5) ? small : mutateTensors(small, chance);
        };
        for (const { shape, data } of (await decodeShards(index, { read })).values()) assertShape(data, shape);
      },
    },
    {
      name: 'files of PyTorch',
      read(chance) {
        const mutated = mutateTorch(chance.pick(torchFiles), chance);
        for (const { shape, data } of decodePytorch(mutated).tensors.values()) assertShape(data, shape);
      },
    },
    ...checkpointSubjects(file('checkpoint.safetensors'), encoder, (await describeEncoder(encoder)).run!),
    {
      name: 'run.json',
      read(chance) {
        const earlier = parseRunFile(mutateChecked(run, chance), 'run.json');
        planRun({ resume: true, epochs: chance.pick([undefined, 2, 10]), batchSize: chance.pick([undefined, 8]) }, { registry, earlier });
      },
    },
    { name: 'result.json', read: (chance) => parseRunResult(mutateChecked(result, chance), 'result.json') },
    {
      name: 'metrics.jsonl',
      read(chance) {
        const found = parseMetrics(chance.happens(0.5) ? decode(mutateBytes(Buffer.from(metrics), chance)) : mutateJson(metrics, chance));
        const start = parseMetrics(metrics).slice(0, found.length);
        assertRight(JSON.stringify(found) === JSON.stringify(start), 'other lines came out');
      },
    },
    {
      name: 'the folder of transformers',
      read(chance) {
        const mutate = (content: Uint8Array, name: string) =>
          name === 'config.json' ? Buffer.from(mutateJson(decode(content), chance)) : mutateTensors(content, chance);
        const { backbone } = fromHuggingFaceFiles(mutateOneOf(huggingFace, chance, mutate) as Record<string, Uint8Array>);
        backbone(createRng(0)).dispose();
      },
    },
  ];
}

import { isSelfsupError, printable as escaped, printableValue, SelfsupError } from '@selfsup/core';
import { decodeSafetensors } from './decode-safetensors.ts';
import { duplicateKey } from './duplicate-key.ts';
import type { SafetensorsTensor } from './safetensors.ts';

/** Options of {@link decodeShards}. */
export interface DecodeShardsOptions {
  /** Gives the bytes of a shard by its name, which is the name of a file, never a path. Shards are read one after the other. */
  readonly read: (name: string) => Uint8Array | Promise<Uint8Array>;
  /** Reads the tensors of a shard; default {@link decodeSafetensors}. `decodePytorch` reads the shards of `pytorch_model.bin.index.json`. */
  readonly decode?: (bytes: Uint8Array) => { readonly tensors: ReadonlyMap<string, SafetensorsTensor> };
}

const printable = (text: string) => escaped(text, { maxLength: 120 });

function fail(what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_CHECKPOINT', `decodeShards: ${what}`, { cause });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The names of tensors by shard. */
function readIndex(index: string): Map<string, Set<string>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(index);
  } catch (error) {
    fail('the index is not valid JSON', error);
  }
  const weightMap = isObject(parsed) ? parsed['weight_map'] : undefined;
  if (!isObject(weightMap) || Object.keys(weightMap).length === 0) fail('the index must have a `weight_map` from tensors to shards');
  const twice = duplicateKey(index);
  if (twice !== undefined) fail(`the index has \`${printable(twice)}\` twice in one object`);
  const shards = new Map<string, Set<string>>();
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || !/^[\w.-]+$/.test(shard) || /^\.+$/.test(shard))
      fail(
        `the shard of \`${printable(tensor)}\` must be the name of a file beside the index, got ${printableValue(shard, { maxLength: 120 })}`,
      );
    shards.set(shard, (shards.get(shard) ?? new Set()).add(tensor));
  }
  return shards;
}

async function readShard(shard: string, read: DecodeShardsOptions['read']): Promise<Uint8Array> {
  try {
    return await read(shard);
  } catch (error) {
    if (isSelfsupError(error)) throw error;
    return fail(`the shard ${shard} cannot be read: ${error instanceof Error ? printable(error.message) : 'no reason given'}`, error);
  }
}

/**
 * Reads weights that are split over several safetensors files, with an index such as `model.safetensors.index.json`.
 *
 * @param index the JSON text of the index
 * @param options `read` gives the shards, see {@link DecodeShardsOptions}
 * @returns the tensors by name, shard after shard
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the index is damaged or names a shard by a path, when a shard is missing or damaged (its name is in the message), and
 * when a shard lacks a tensor or has one that the index does not put there
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { decodeShards } from '@selfsup/safetensors';
 * const index = await readFile('bert/model.safetensors.index.json', 'utf8');
 * const tensors = await decodeShards(index, { read: (name) => readFile(`bert/${name}`) });
 * ```
 */
export async function decodeShards(
  index: string,
  { read, decode = decodeSafetensors }: DecodeShardsOptions,
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const shards = readIndex(index);
  const home = new Map([...shards].flatMap(([shard, names]) => [...names].map((name) => [name, shard] as const)));
  const all = new Map<string, SafetensorsTensor>();
  for (const [shard, names] of shards) {
    const bytes = await readShard(shard, read);
    let tensors: ReadonlyMap<string, SafetensorsTensor>;
    try {
      ({ tensors } = decode(bytes));
    } catch (error) {
      if (!isSelfsupError(error)) throw error;
      throw new SelfsupError(error.code, `the shard ${shard}: ${error.message}`, { cause: error });
    }
    for (const [name, tensor] of tensors) {
      const expected = home.get(name);
      if (expected !== shard)
        fail(
          `the shard ${shard} has \`${printable(name)}\`, which the index ${expected === undefined ? 'does not have' : `puts into ${expected}`}`,
        );
      all.set(name, tensor);
    }
    for (const name of names) if (!tensors.has(name)) fail(`the shard ${shard} lacks \`${printable(name)}\`, which the index puts there`);
  }
  return all;
}

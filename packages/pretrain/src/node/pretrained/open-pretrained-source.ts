import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isSelfsupError, printable, SelfsupError } from '@selfsup/core';
import { decodeSafetensors, decodeShards, type SafetensorsTensor } from '@selfsup/safetensors';
import { decodePytorch } from '@selfsup/safetensors/pytorch';
import type { Progress } from '../../progress.ts';
import { chooseWeights, isStandard, type WeightsFile } from './choose-weights.ts';
import { folderShelf } from './folder-shelf.ts';
import { parseHubName } from './hub-name.ts';
import { hubShelf } from './hub-shelf.ts';
import type { Shelf } from './shelf.ts';

/** Options of {@link openPretrainedSource}. */
export interface OpenPretrainedSourceOptions {
  /** The SHA-256 that the weights must have, in hexadecimal, or its first 8 digits or more; default: none is expected. */
  readonly sha256?: string;
  /** The largest total size of the weights in bytes; default 4 GB. */
  readonly maxBytes?: number;
  /** Shows downloads; default nobody. */
  readonly progress?: Progress;
  /** The cache of downloads; default that of Python's huggingface_hub: HF_HUB_CACHE, else HF_HOME, else `~/.cache/huggingface/hub`. */
  readonly cacheFolder?: string;
  /** The hub; default HF_ENDPOINT, else `https://huggingface.co`. */
  readonly endpoint?: string;
  /** The token for private and gated repositories; default HF_TOKEN, else none. */
  readonly token?: string;
  /** Whether only the cache is used; default whether HF_HUB_OFFLINE is 1. */
  readonly offline?: boolean;
}

/** A file of weights. */
export interface PretrainedFile {
  /** Its name, without its folder. */
  readonly name: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** What {@link openPretrainedSource} finds. */
export interface PretrainedFiles {
  /** How the source was named: `hf:owner/name`, or a path. */
  readonly name: string;
  /** The commit that was read, of a source on Hugging Face: 40 hexadecimal digits. */
  readonly revision?: string;
  /** The texts beside the weights, by name, as far as they are there: `config.json`, `preprocessor_config.json`, `tokenizer.json`, `vocab.txt` … */
  readonly files: Readonly<Record<string, string>>;
  /** The tensors by the names that they have in the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** What a file of PyTorch has beside tensors, see `decodePytorch`. */
  readonly left: readonly string[];
  /** The files that the tensors were in, without an index. */
  readonly weights: readonly PretrainedFile[];
  /** The SHA-256 of the one file of weights; of several, that of the lines `<sha256>  <name>` as sha256sum prints them, sorted by name. */
  readonly sha256: string;
}

const TEXTS = [
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
];
const LARGEST_TEXT = 64e6;
const LARGEST_WEIGHTS = 4e9;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

function fail(what: string): never {
  throw new SelfsupError('SELFSUP_DATA', what);
}

/** Names the file in an error of its reader. */
function within<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    throw new SelfsupError(error.code, `${printable(file)}: ${error.message}`, { cause: error });
  }
}

/** The shelf that a source lies on, and the file that was asked for. */
async function findShelf(spec: string, options: OpenPretrainedSourceOptions): Promise<{ shelf: Shelf; wanted?: string | undefined }> {
  if (spec.startsWith('hf:')) {
    const name = parseHubName(spec);
    return { shelf: await hubShelf(name, options), wanted: name.file };
  }
  const info = await stat(spec).catch(() => undefined);
  if (info?.isDirectory() === true) return { shelf: await folderShelf(spec) };
  if (info?.isFile() === true) return { shelf: await folderShelf(dirname(spec)), wanted: basename(spec) };
  const hub = /^(?:https:\/\/huggingface\.co\/)?([\w.-]+\/[\w.-]+)\/?$/.exec(spec)?.[1];
  return fail(
    `${printable(spec)} is neither a file nor a folder${hub === undefined ? '' : `; for the encoder of that name on Hugging Face, write hf:${hub}`}`,
  );
}

async function readText(shelf: Shelf, name: string): Promise<string> {
  const size = shelf.sizes.get(name) ?? fail(`${shelf.label} has no file ${name}`);
  if (size > LARGEST_TEXT) fail(`${name} of ${shelf.label} must have at most ${megabytes(LARGEST_TEXT)}, has ${megabytes(size)}`);
  return new TextDecoder().decode((await shelf.read(name)).bytes);
}

/** The tensors of one file, or of all its shards. */
async function readWeights(shelf: Shelf, { name, format, sharded }: WeightsFile, maxBytes: number) {
  const [weights, left]: [PretrainedFile[], string[]] = [[], []];
  let total = 0;
  const read = async (file: string): Promise<Uint8Array> => {
    const size = shelf.sizes.get(file) ?? fail(`${shelf.label} has no file ${printable(file)}`);
    total += size;
    if (total > maxBytes)
      fail(`the weights of ${shelf.label} must have at most ${megabytes(maxBytes)}, have ${megabytes(total)} with ${printable(file)}`);
    const { bytes, sha256 } = await shelf.read(file);
    weights.push({ name: file, bytes: bytes.length, sha256 });
    return bytes;
  };
  const decode = (bytes: Uint8Array) => {
    if (format === 'safetensors') return decodeSafetensors(bytes);
    const found = decodePytorch(bytes);
    left.push(...found.left);
    return found;
  };
  const place = join(shelf.label, name);
  if (!sharded) {
    const bytes = await read(name);
    return { tensors: within(place, () => decode(bytes)).tensors, weights, left };
  }
  const index = await readText(shelf, name);
  const tensors = await decodeShards(index, { read, decode }).catch((error: unknown) => within(place, () => { throw error; })); // prettier-ignore
  return { tensors, weights, left };
}

function hashOfAll(weights: readonly PretrainedFile[]): string {
  if (weights.length === 1) return weights[0]!.sha256;
  const lines = [...weights].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/**
 * Opens weights that someone else trained: a file, a folder, or a repository on Hugging Face. Nothing that is in them is ever run.
 *
 * @param spec `weights.safetensors`, `.pth`, `.pt` or `.bin`; a folder as transformers and timm write it (`config.json` with `model.safetensors`, its index with shards, or
 * `pytorch_model.bin`; safetensors are preferred); or `hf:owner/name`, `hf:owner/name@revision`, `hf:owner/name/file`
 * @param options see {@link OpenPretrainedSourceOptions}
 * @returns the tensors, the texts beside them, and what was read: commit and SHA-256
 * @throws SelfsupError `SELFSUP_OPTION` on a name on Hugging Face that cannot be one; `SELFSUP_DATA` when nothing is there, no weights are that can be read, the hub cannot be
 * reached or refuses, weights are too large, or have another SHA-256 than expected; `SELFSUP_CHECKPOINT` when a file is damaged or asks for more than tensors
 * @remarks Downloads go into the cache that Python's huggingface_hub has, too, are checked against the hash on the hub, and appear there whole or not at all. Of a repository
 * only the weights that are read and a few texts are downloaded. Texts beside a single file are read if it has a standard name, such as `model.safetensors`.
 * @example
 * ```ts
 * import { openPretrainedSource } from '@selfsup/pretrain/node';
 * const { tensors, files, revision } = await openPretrainedSource('hf:timm/resnet18.a1_in1k');
 * console.log(tensors.get('conv1.weight')?.shape, JSON.parse(files['config.json'] ?? '{}'), revision);
 * ```
 */
export async function openPretrainedSource(spec: string, options: OpenPretrainedSourceOptions = {}): Promise<PretrainedFiles> {
  const { sha256: expected, maxBytes = LARGEST_WEIGHTS } = options;
  if (expected !== undefined && !/^[0-9a-f]{8,64}$/i.test(expected))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`sha256\` must be 8 to 64 hexadecimal digits, got ${printable(expected, { maxLength: 80 })}`,
    );
  const { shelf, wanted } = await findShelf(spec, options);
  const chosen = chooseWeights(shelf.sizes.keys(), { label: shelf.label, wanted });
  const { tensors, weights, left } = await readWeights(shelf, chosen, maxBytes);
  const sha256 = hashOfAll(weights);
  if (expected !== undefined && !sha256.startsWith(expected.toLowerCase()))
    fail(
      `the weights of ${printable(spec)} must have the SHA-256 ${expected.toLowerCase()}, have ${sha256}; they are not the ones that were meant`,
    );
  const isAlone = !spec.startsWith('hf:') && wanted !== undefined && !isStandard(wanted);
  const texts = isAlone ? [] : TEXTS.filter((name) => shelf.sizes.has(name));
  const files: Record<string, string> = {};
  for (const name of texts) files[name] = await readText(shelf, name);
  return { name: spec, ...(shelf.revision !== undefined && { revision: shelf.revision }), files, tensors, left, weights, sha256 };
}

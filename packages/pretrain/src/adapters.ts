import { SelfsupError } from '@selfsup/core';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { describeEncoder, keepEncoder } from './encoder-file.ts';
import { hasAdapters, merged, scaleOf, SUFFIX, withoutAdapters } from './low-rank-weights.ts';
import { sha256 } from './sha256.ts';

const KIND = 'lora';

/**
 * A file of a run whose encoder, if it has adapters, has them added to its weights.
 *
 * @param bytes an encoder file or a checkpoint
 * @returns the same bytes where there are no adapters
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged
 */
export async function withMergedAdapters(bytes: Uint8Array): Promise<Uint8Array> {
  const { metadata, tensors } = await decodeCheckpoint('loadEncoder', bytes);
  return hasAdapters(tensors)
    ? encodeCheckpoint({ metadata: { ...metadata }, tensors: new Map(withoutAdapters(tensors, metadata['run'])) })
    : bytes;
}

/**
 * Takes the adapters out of the checkpoint of a run with LoRA, with the biases and norms that learned beside them.
 *
 * @param checkpoint the bytes of checkpoint.safetensors
 * @param parts where the encoder's variables lie, and the SHA-256 of the encoder that the run started from
 * @returns a small file for {@link mergeAdapters}; undefined where the run has no adapters
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the checkpoint is damaged
 */
export async function keepAdapters(
  checkpoint: Uint8Array,
  { prefix, base }: { readonly prefix: string; readonly base?: string | undefined },
): Promise<Uint8Array | undefined> {
  const { metadata, tensors } = await decodeCheckpoint('keepAdapters', checkpoint);
  const start = `trainable/${prefix}/`;
  const own = [...tensors].filter(([path]) => path.startsWith(start));
  if (!hasAdapters(new Map(own))) return undefined;
  const scale = scaleOf(metadata['run']);
  const { settings } = JSON.parse(metadata['run']!) as { settings: { loraNorms?: boolean } };
  const learned = own.filter(([path, { shape }]) => /\/lora\/[ab]$/.test(path) || (settings.loraNorms === true && shape.length === 1));
  return encodeCheckpoint({
    metadata: { format: 'selfsup', kind: KIND, scale: String(scale), ...(base !== undefined && { base }) },
    tensors: new Map(learned.map(([path, tensor]) => [path.slice(start.length), tensor])),
  });
}

/**
 * Adds adapters to the encoder that they were trained beside.
 *
 * @param encoder the bytes of that encoder, such as `start.safetensors` of the run, or what the run was given as `init`
 * @param adapters the bytes of adapters.safetensors
 * @returns the bytes of an encoder with plain weights, for `loadEncoder`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when one of them is damaged, or they do not belong together
 */
export async function mergeAdapters(encoder: Uint8Array, adapters: Uint8Array): Promise<Uint8Array> {
  const { encoder: described } = await describeEncoder(encoder);
  const bytes = await keepEncoder(encoder, described.prefix);
  const [base, added] = [await decodeCheckpoint('mergeAdapters', bytes), await decodeCheckpoint('mergeAdapters', adapters)];
  const scale = Number(added.metadata['scale']);
  if (added.metadata['kind'] !== KIND || !(scale > 0))
    throw new SelfsupError('SELFSUP_CHECKPOINT', 'mergeAdapters: `adapters` must be the adapters.safetensors of a run with LoRA');
  const { base: expected } = added.metadata;
  if (expected !== undefined && expected !== (await sha256(bytes)))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      'mergeAdapters: these adapters were trained beside another encoder; give the start.safetensors of their run',
    );
  const tensors = new Map(base.tensors);
  const at = (path: string) => `trainable/${described.prefix}/${path}`;
  for (const [path, tensor] of added.tensors) {
    if (path.endsWith('/lora/b')) continue;
    const place = path.endsWith(SUFFIX) ? path.slice(0, -SUFFIX.length) : undefined;
    const target = at(place === undefined ? path : `${place}/kernel`);
    const [old, b] = [tensors.get(target), place === undefined ? undefined : added.tensors.get(`${place}/lora/b`)];
    if (!old || (place !== undefined && !b) || (place === undefined && old.shape.join() !== tensor.shape.join()))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `mergeAdapters: the encoder has nothing that fits \`${path}\`; the files do not belong together`,
      );
    tensors.set(target, b ? merged(old, { a: tensor, b, scale }) : tensor);
  }
  return encodeCheckpoint({ metadata: { ...base.metadata }, tensors });
}

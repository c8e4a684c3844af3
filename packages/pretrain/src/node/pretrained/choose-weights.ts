import { printable, SelfsupError } from '@selfsup/core';
import { suggest } from '../../suggest.ts';

/** What weights lie in. Internal. */
export interface WeightsFile {
  readonly name: string;
  readonly format: 'safetensors' | 'pytorch';
  /** Whether it is an index of shards. */
  readonly sharded: boolean;
}

/** The standard names, the best first. */
const STANDARD = ['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin', 'pytorch_model.bin.index.json'] as const;
/** Files of training that are no weights of a network. */
const TRAINING = /^(optimizer|scheduler|scaler|training_args|rng_state)|^adapter_/;

/** What its name says of a file of weights, undefined where it is none. Internal. */
export function weightsFile(name: string): WeightsFile | undefined {
  if (name.endsWith('.safetensors')) return { name, format: 'safetensors', sharded: false };
  if (name.endsWith('.safetensors.index.json')) return { name, format: 'safetensors', sharded: true };
  if (/\.(pth|pt|bin|pth\.tar)$/.test(name)) return { name, format: 'pytorch', sharded: false };
  if (name.endsWith('.bin.index.json')) return { name, format: 'pytorch', sharded: true };
  return undefined;
}

/** Whether transformers and timm write weights under this name, beside a config of theirs. Internal. */
export const isStandard = (name: string): boolean => (STANDARD as readonly string[]).includes(name);

const list = (names: Iterable<string>) => {
  const all = [...names].map((name) => printable(name, { maxLength: 60 }));
  return all.length === 0 ? 'nothing' : `${all.slice(0, 12).join(', ')}${all.length > 12 ? ` and ${all.length - 12} more` : ''}`;
};

/**
 * Which file has the weights: the standard names first, safetensors before PyTorch's, then the only one that there is. Internal.
 *
 * @param names what lies there
 * @param options `label` what messages call the place; `wanted` the file that was asked for
 * @throws SelfsupError `SELFSUP_DATA` when there is none, or several of which none is a standard one, with what is there
 */
export function chooseWeights(names: Iterable<string>, { label, wanted }: { label: string; wanted?: string | undefined }): WeightsFile {
  const all = [...names];
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_DATA', what);
  };
  if (wanted !== undefined) {
    if (!all.includes(wanted))
      fail(
        `${label} has no file ${printable(wanted)}${suggest(wanted, all.filter(weightsFile), (name) => printable(name, { maxLength: 60 }))}`,
      );
    return (
      weightsFile(wanted) ??
      fail(
        `${printable(wanted)} must be a file .safetensors, .pth, .pt, .bin or .index.json to be read as weights; there are: ${list(all)}`,
      )
    );
  }
  const standard = STANDARD.find((name) => all.includes(name));
  if (standard !== undefined) return weightsFile(standard)!;
  const others = all.flatMap((name) => weightsFile(name) ?? []).filter(({ name }) => !TRAINING.test(name));
  const best = others.filter(({ format }) => format === 'safetensors');
  const candidates = best.length > 0 ? best : others;
  if (candidates.length === 0) fail(`${label} has no weights that can be read (.safetensors, .pth, .pt, .bin); there are: ${list(all)}`);
  if (candidates.length > 1)
    fail(`${label} has several files of weights; name one: ${list(candidates.map(({ name }) => `${label}/${name}`))}`);
  return candidates[0]!;
}

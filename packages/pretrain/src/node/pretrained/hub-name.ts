import { printable, SelfsupError } from '@selfsup/core';
import { nearestName } from '../../suggest.ts';

/** Encoders that many start from, for hints. */
const popular = [
  'google-bert/bert-base-uncased',
  'distilbert/distilbert-base-uncased',
  'sentence-transformers/all-MiniLM-L6-v2',
  'google/vit-base-patch16-224',
  'facebook/dinov2-small',
  'facebook/dinov2-base',
  'facebook/dino-vits16',
  'facebook/vit-mae-base',
  'timm/resnet18.a1_in1k',
  'timm/resnet50.a1_in1k',
  'timm/vit_small_patch16_224.dino',
];

/** A name on a hub, in its parts. Internal. */
export interface HubName {
  /** `owner/name`. */
  readonly repository: string;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** The folder within the repository, '' for its root. */
  readonly folder: string;
  /** A file in the folder. */
  readonly file?: string;
}

/** A known name that was probably meant. Internal. */
export function hubHint(repository: string): string {
  const name = repository.slice(repository.indexOf('/') + 1);
  const near = popular.find((known) => known.endsWith(`/${name}`)) ?? nearestName(repository, popular);
  return near === undefined || near === repository ? '' : `; did you mean hf:${near}?`;
}

/**
 * Takes `hf:owner/name[@revision][/file]` apart. Internal.
 *
 * @throws SelfsupError `SELFSUP_OPTION` on anything else, with a hint
 */
export function parseHubName(spec: string): HubName {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@(refs\/pr\/\d+|[^/@\s]+))?(?:\/(.+))?$/.exec(spec);
  const path = match?.[3]?.split('/') ?? [];
  const isSafe = (part: string) => /^[\w.+=@()-]+$/.test(part) && !/^\.+$/.test(part);
  if (!match || match[1]!.split('/').some((part) => /^\.+$/.test(part)) || !path.every(isSafe) || match[2]?.includes('..') === true)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `a name on Hugging Face must be hf:owner/name, hf:owner/name@revision or hf:owner/name/file, got ${printable(spec, { maxLength: 120 })}${hubHint(spec.replace(/^hf:(\/\/)?/, ''))}`,
    );
  const file = path.at(-1);
  return { repository: match[1]!, revision: match[2] ?? 'main', folder: path.slice(0, -1).join('/'), ...(file !== undefined && { file }) };
}

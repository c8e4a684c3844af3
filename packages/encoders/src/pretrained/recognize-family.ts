import { printable, SelfsupError } from '@selfsup/core';
import type { NameTable, ReadTensor, ReadTensors } from './name-table.ts';
import { bertTable, distilBertTable } from './tables/bert.ts';
import { huggingFaceResnetTable, resnetTable } from './tables/resnet.ts';
import { huggingFaceDinov2Table, huggingFaceVitTable, vitTable } from './tables/vit.ts';

/** Every name table by its family. */
export const nameTables = {
  resnet: resnetTable,
  'huggingface-resnet': huggingFaceResnetTable,
  vit: vitTable,
  'huggingface-vit': huggingFaceVitTable,
  'huggingface-dinov2': huggingFaceDinov2Table,
  'huggingface-bert': bertTable,
  'huggingface-distilbert': distilBertTable,
} as const satisfies Readonly<Record<string, NameTable>>;

/** Whose names the tensors of an encoder have: `resnet` and `vit` are torchvision's and timm's. */
export type PretrainedFamily = keyof typeof nameTables;

/** The tensors of a file, sorted. */
export interface FoundNetwork {
  /** How its tensors are named. */
  readonly table: NameTable;
  /** What stands before each of their names; empty or ends with a dot. */
  readonly prefix: string;
  /** What lies under the prefix, by name without it. */
  readonly network: ReadonlyMap<string, ReadTensor>;
  /** What lies beside it, by name without what is common to both. */
  readonly beside: ReadonlyMap<string, ReadTensor>;
  /** Other networks of the file, such as the student. */
  readonly others: readonly string[];
}

interface Candidate {
  table: NameTable;
  prefix: string;
}

/** Which of several networks is meant: the average of the weights, then the only one, then the trained one, then the one that follows it. */
function rankOf(prefix: string): number {
  if (/teacher|(^|[._])ema[._]/.test(prefix)) return 0;
  if (/encoder_k|momentum|target/.test(prefix)) return 3;
  return /student|encoder_q|base_encoder|online/.test(prefix) ? 2 : 1;
}

const renamed = (table: NameTable, name: string) => table.renames.reduce((text, [pattern, by]) => text.replace(pattern, by), name);

function candidatesOf(tensors: ReadTensors): Candidate[] {
  return Object.values<NameTable>(nameTables).flatMap((table) => {
    const [first, ...others] = table.anchors as [string, ...string[]];
    const prefixes = [...tensors.keys()]
      .filter((name) => name === first || name.endsWith(`.${first}`))
      .map((name) => name.slice(0, -first.length));
    return prefixes
      .filter((prefix) => {
        const names = new Set(
          [...tensors.keys()].filter((name) => name.startsWith(prefix)).map((name) => renamed(table, name.slice(prefix.length))),
        );
        return others.every((anchor) => names.has(anchor));
      })
      .map((prefix) => ({ table, prefix }));
  });
}

/** `a.b.` and `a.c.d.`: `a.c.`, what the second has under what is common to both. */
function rootOf(prefix: string, other: string): string {
  const [mine, theirs] = [prefix.split('.'), other.split('.')];
  const at = theirs.findIndex((word, i) => word !== mine[i]);
  return `${theirs.slice(0, at + 1).join('.')}.`;
}

/** A name without the part that it has in common with a prefix, and without wrappers. */
function withoutParents(name: string, prefix: string): string {
  const words = prefix.split('.').slice(0, -1);
  for (let count = words.length; count > 0; count--) {
    const parent = `${words.slice(0, count).join('.')}.`;
    if (name.startsWith(parent)) return name.slice(parent.length).replace(/^module\./, '');
  }
  return name;
}

const quoted = (names: readonly string[]) => names.map((name) => `\`${printable(name, { maxLength: 80 })}\``).join(', ');

/** Finds the network of a file and sorts the tensors. `prefix` chooses among several. */
export function recognizeFamily(who: string, tensors: ReadTensors, { prefix }: { prefix?: string | undefined }): FoundNetwork {
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: ${message}`);
  };
  const all = candidatesOf(tensors);
  if (all.length === 0)
    fail(
      `the names of the ${tensors.size} tensors are those of no family that it reads (ResNet of torchvision, timm or Hugging Face; ViT, DeiT, DINO, DINOv2, MAE of timm, their own files or Hugging Face; BERT, DistilBERT); the first are ${quoted([...tensors.keys()].slice(0, 3)) || 'none'}`,
    );
  const chosen =
    prefix === undefined
      ? all.filter((candidate) => rankOf(candidate.prefix) === Math.min(...all.map((other) => rankOf(other.prefix))))
      : all.filter((candidate) => candidate.prefix === prefix || candidate.prefix === `${prefix}.`);
  const [first, second] = chosen;
  if (!first)
    return fail(`no network lies under the prefix ${quoted([prefix ?? ''])}; there are ${quoted(all.map((other) => other.prefix))}`);
  if (second) fail(`there are several networks, under ${quoted(chosen.map((other) => other.prefix))}; choose one with \`prefix\``);
  const roots = all.filter((other) => other.prefix !== first.prefix).map((other) => rootOf(first.prefix, other.prefix));
  const [network, beside] = [new Map<string, ReadTensor>(), new Map<string, ReadTensor>()];
  for (const [name, tensor] of tensors) {
    const inside = name.startsWith(first.prefix);
    if (!inside && roots.some((root) => name.startsWith(root))) continue;
    const plain = renamed(first.table, inside ? name.slice(first.prefix.length) : withoutParents(name, first.prefix));
    const place = inside ? network : beside;
    if (place.has(plain)) fail(`the file has ${quoted([plain])} twice, one of them as ${quoted([name])}`);
    place.set(plain, tensor);
  }
  return { ...first, network, beside, others: [...new Set(roots.map((root) => root.replace(/\.$/, '').replace(/^.*\./, '')))] };
}

/** Blocks that are there, one after another. */
export function countLayers(found: FoundNetwork, rows: string): number {
  const row = found.table.rows[rows]![0]!.theirs;
  let count = 0;
  while (found.network.has(row.replace('{layer}', String(count)))) count++;
  return count;
}

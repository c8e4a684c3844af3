import { printable, SelfsupError } from '@selfsup/core';
import { writeNpy } from '@selfsup/data/node';
import { openSamplesFor, type Features, type Samples } from '@selfsup/pretrain';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { columnOptions, type DataFlags, type RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { openRun } from './open-run.ts';

/** The flags of `selfsup embed`. */
export type EmbedFlags = RunFlags & DataFlags & { readonly out: string; readonly split?: string };

interface Part {
  readonly split: string;
  readonly samples: Samples;
  readonly features: Features;
}

const SPLITS = ['train', 'test', 'all'];
const FORMATS = /\.(npy|csv)$/;

async function checkOut(out: string): Promise<void> {
  const shown = printable(out);
  const isFolder = await stat(out).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (isFolder) throw new SelfsupError('SELFSUP_OPTION', `--out must be a file such as embeddings.npy, got the folder ${shown}`);
  if (!FORMATS.test(out)) throw new SelfsupError('SELFSUP_OPTION', `--out must end in .npy or .csv, got ${shown}`);
}

/** What each row stands for. */
function indexOf({ split, samples, features }: Part) {
  const { labels, ids } = samples;
  return Array.from(features.indices, (index) => ({
    split,
    index,
    ...(labels && { label: labels[index]! }),
    ...(ids && { id: ids[index]! }),
  }));
}

function join(parts: readonly Part[]): { data: Float32Array; rows: number; dim: number } {
  const dim = parts[0]!.features.shape[1];
  const rows = parts.reduce((sum, { features }) => sum + features.shape[0], 0);
  const data = new Float32Array(rows * dim);
  let at = 0;
  for (const { features } of parts) {
    data.set(features.data, at);
    at += features.data.length;
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new SelfsupError(
      'SELFSUP_NON_FINITE',
      `the features of sample ${Math.floor(bad / dim)} hold ${data[bad]}, so none were written; the encoder is damaged or its training diverged`,
    );
  return { data, rows, dim };
}

const toCsv = (data: Float32Array, dim: number): string =>
  Array.from({ length: data.length / dim }, (_, row) => `${data.subarray(row * dim, (row + 1) * dim).join(',')}\n`).join('');

/**
 * `selfsup embed`: writes the encoder's features of samples, and beside them what each row stands for.
 *
 * @param flags see {@link EmbedFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runEmbed(flags: EmbedFlags, output: Output): Promise<number> {
  const { split = 'all', out, data, limit, testLimit } = flags;
  if (!SPLITS.includes(split))
    throw new SelfsupError('SELFSUP_OPTION', `--split must be one of ${SPLITS.join(', ')}, got '${printable(split)}'`);
  await checkOut(out);
  const { encoder, backend, backendDescription } = await openRun(flags, output);
  try {
    const opened = await openSamplesFor(encoder, { data, limit, testLimit, options: columnOptions(flags) });
    const { train, test, unit } = opened;
    const wanted = [['train', train] as const, ['test', test] as const].filter(([name]) => split === 'all' || split === name);
    if (split === 'test' && !test)
      throw new SelfsupError('SELFSUP_DATA', `--split test: these ${unit} have no test part; use --split train`);
    const parts: Part[] = [];
    for (const [name, samples] of wanted)
      if (samples) parts.push({ split: name, samples, features: await encoder.encode(samples, { stage: `Encoding ${name} ${unit}` }) });
    const { data: values, rows, dim } = join(parts);
    const index = out.replace(FORMATS, '.index.json');
    await mkdir(dirname(out), { recursive: true });
    await writeFile(index, `${JSON.stringify({ classNames: train.classNames, rows: parts.flatMap(indexOf) }, null, 1)}\n`);
    if (out.endsWith('.csv')) await writeFile(out, toCsv(values, dim));
    else await writeNpy(out, values, [rows, dim]);
    output.line(`${rows} embeddings of ${dim} numbers in ${printable(out)}; what each row stands for in ${printable(index)}`);
    output.event('result', {
      ...{ command: 'embed', run: flags.run, dataset: opened.name, backend, backendDescription, steps: encoder.step },
      ...{ split, rows, dim, out, index, skipped: opened.skipped() },
    });
    return 0;
  } finally {
    encoder.dispose();
  }
}

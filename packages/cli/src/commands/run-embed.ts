import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import type { ImageDataset } from '@selfsup/data';
import { writeNpy } from '@selfsup/data/node';
import { writeCheckpoint } from '@selfsup/trainer';
import { encodeImages } from '../encode-images.ts';
import { openDataForRun, type DataChoice } from '../open-data-for-run.ts';
import { openRun } from '../open-run.ts';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';

/** The flags of `selfsup embed`. */
export type EmbedFlags = DataChoice & Pick<SessionOptions, 'backend'> & { run: string; out: string; split?: string };

/** What a row of the array stands for. */
interface IndexEntry {
  split: string;
  index: number;
  label?: number;
  path?: string;
}

const SPLITS = ['train', 'test', 'all'];
const pathsOf = (dataset: ImageDataset) => (dataset as ImageDataset & { paths?: readonly string[] }).paths;

function indexOf(split: string, dataset: ImageDataset, indices: Int32Array): IndexEntry[] {
  const paths = pathsOf(dataset);
  return Array.from(indices, (index) => ({
    split,
    index,
    ...(dataset.labels ? { label: dataset.labels[index]! } : {}),
    ...(paths ? { path: paths[index]! } : {}),
  }));
}

async function prepareOut(out: string): Promise<void> {
  if (
    await stat(out).then(
      (info) => info.isDirectory(),
      () => false,
    )
  )
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a file such as embeddings.npy, got the folder ${out}`);
  await mkdir(dirname(out), { recursive: true });
}

/**
 * `selfsup embed`: writes the encoder's features of images as a NumPy array, and beside it what each row stands for.
 *
 * @param flags see {@link EmbedFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runEmbed(flags: EmbedFlags, output: Output): Promise<number> {
  const { split = 'all', out } = flags;
  if (!SPLITS.includes(split)) throw new SelfsupError('SELFSUP_OPTION', `--split must be one of ${SPLITS.join(', ')}, got '${split}'`);
  const backend = await selectBackend({ prefer: flags.backend ?? 'auto' });
  const { file, encoder, step } = await openRun(flags.run);
  try {
    const data = await openDataForRun(file, flags, output);
    const parts = [['train', data.train] as const, ['test', data.test] as const].filter(([name]) => split === 'all' || split === name);
    if (split === 'test' && !data.test)
      throw new SelfsupError('SELFSUP_DATA', '--split test: these images have no test part; use --split train');
    const { mean, std } = data;
    const found = [];
    for (const [name, dataset] of parts)
      if (dataset)
        found.push({ name, dataset, ...(await encodeImages(encoder, dataset, { mean, std, output, stage: `Encoding ${name} images` })) });
    const dim = found[0]!.shape[1];
    const rows = found.reduce((sum, { shape }) => sum + shape[0], 0);
    const all = new Float32Array(rows * dim);
    let at = 0;
    for (const { data: part } of found) {
      all.set(part, at);
      at += part.length;
    }
    const index = found.flatMap(({ name, dataset, indices }) => indexOf(name, dataset, indices));
    const indexPath = `${out.replace(/\.npy$/, '')}.index.json`;
    await prepareOut(out);
    await writeCheckpoint(
      indexPath,
      new TextEncoder().encode(`${JSON.stringify({ classNames: data.train.classNames, rows: index }, null, 1)}\n`),
    );
    await writeNpy(out, all, [rows, dim]);
    output.line(`${rows} embeddings of ${dim} numbers in ${out}; what each row stands for in ${indexPath}`);
    output.event('result', {
      command: 'embed',
      run: flags.run,
      dataset: data.train.name,
      backend: backend.name,
      steps: step,
      split,
      rows,
      dim,
      out,
      index: indexPath,
      skipped: data.skipped(),
    });
    return 0;
  } finally {
    encoder.dispose();
  }
}

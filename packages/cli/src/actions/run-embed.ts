import { countOf, printable, SelfsupError } from '@selfsup/core';
import { countSkipped, embedSamples, type Skipped } from '@selfsup/pretrain';
import {
  assertEmbeddingsPath,
  beginEmbeddings,
  columnsOfSamples,
  embedShard,
  indexPathOf,
  mergeEmbeddings,
  partPath,
  type EmbeddingsFile,
} from '@selfsup/pretrain/node';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { RunFlags } from '../flags/common-flags.ts';
import { findShare, nameOfPart, partsFolder, type ShardFlags } from '../flags/shard-flags.ts';
import type { Output } from '../output/output.ts';
import { assertWritable } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { openRun } from './open-run.ts';
import { assertThere, checkInputs, nothingRead, readInputs, type InputFlags, type ReadInputs } from './read-inputs.ts';

/** The flags of `selfsup embed`. */
export type EmbedFlags = RunFlags & InputFlags & ShardFlags & { readonly out: string };

async function checkOut(out: string): Promise<void> {
  const isFolder = await stat(out).then((info) => info.isDirectory(), () => false); // prettier-ignore
  if (isFolder) throw new SelfsupError('SELFSUP_OPTION', `--out must be a file such as embeddings.npy, got the folder ${printable(out)}`);
  assertEmbeddingsPath(out, '--out');
}

/** What was written, for people and scripts. */
interface Written {
  readonly rows: number;
  readonly dim: number;
  readonly out: string;
  readonly skipped: readonly Skipped[];
}

const lineOf = ({ rows, dim, out, skipped }: Written): string => {
  const beside = /\.npy$/i.test(out) ? `; what each row stands for in ${printable(indexPathOf(out))}` : '';
  const lost = skipped.length > 0 ? `; ${countSkipped(skipped)} not read` : '';
  return `${countOf(rows, 'embeddings')} of ${countOf(dim, 'numbers')} in ${printable(out)}${beside}${lost}`;
};

/** Embeds all samples into one file. */
async function embedAll(
  opened: Awaited<ReturnType<typeof openRun>>,
  read: ReadInputs,
  { out, signal }: { out: string; signal: AbortSignal },
): Promise<Written> {
  let file: EmbeddingsFile | undefined;
  let columns: ReturnType<typeof columnsOfSamples> | undefined;
  let [rows, dim] = [0, 0];
  try {
    for await (const part of read.parts) {
      columns ??= columnsOfSamples(part);
      for await (const more of embedSamples(opened.encoder, [part], { signal })) {
        dim = more.features.shape[1];
        file ??= await beginEmbeddings(out, { dim, columns });
        await file.write(more);
        rows += more.items.length;
      }
    }
    const skipped = read.skipped();
    if (!file) throw nothingRead('embedded', skipped);
    await file.keep();
    return { rows, dim, out, skipped };
  } finally {
    await file?.drop();
  }
}

/**
 * `selfsup embed`: writes the encoder's features of samples and what each row stands for, batch by batch; or one part of them, or joins the parts.
 *
 * @param inputs files and folders; `-` stands for the lines of standard input
 * @param flags see {@link EmbedFlags}
 * @param output where to report
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runEmbed(inputs: readonly string[], flags: EmbedFlags, output: Output): Promise<number> {
  const { out, split = 'all' } = flags;
  const share = await findShare(flags);
  checkInputs(inputs, flags);
  await checkOut(out);
  const [folder, format] = [partsFolder(out), extname(out).toLowerCase()];
  await assertWritable(share.kind === 'part' ? partPath(folder, share.shard.index, format) : out, '--out');
  const opened = await openRun(flags, output);
  const { encoder, backend, backendDescription } = opened;
  const report = ({ rows, dim, out: path, skipped }: Written, facts: object = {}) => {
    const index = /\.npy$/i.test(path) ? indexPathOf(path) : undefined;
    output.event('result', {
      ...{ command: 'embed', run: flags.run, backend, backendDescription, steps: encoder.step },
      ...{ split, rows, dim, out: path, index, skipped, ...facts },
    });
  };
  return runUntilInterrupt(
    output,
    async (signal) => {
      if (share.kind === 'merge') {
        const { records, ...found } = await mergeEmbeddings(encoder, { folder, format, out, progress: output, signal });
        output.line(`${countOf(records.length, 'parts')} joined: ${lineOf({ ...found, out })}`);
        report({ ...found, out }, { parts: records.length });
        return 0;
      }
      if (share.kind === 'part') assertThere(encoder, inputs);
      const read = await readInputs(encoder, inputs, flags);
      if (share.kind === 'all') {
        const written = await embedAll(opened, read, { out, signal });
        output.line(lineOf(written));
        report(written, { dataset: read.name });
        return 0;
      }
      const { shard } = share;
      const made = await embedShard(encoder, read.parts, {
        folder,
        format,
        shard,
        progress: output,
        signal,
        skipped: () => read.skipped(),
      });
      const written = { ...made, out: made.path };
      const before = made.wasFinished ? ' was finished already, and is as it was written' : '';
      output.line(`${nameOfPart(shard)}${before}: ${lineOf(written)}; join the parts with --merge`);
      report(written, { dataset: read.name, shard, samples: made.samples, wasFinished: made.wasFinished });
      return 0;
    },
    () => {
      encoder.dispose();
    },
  );
}

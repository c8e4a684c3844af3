import { printable, SelfsupError } from '@selfsup/core';
import { countSkipped, embedSamples } from '@selfsup/pretrain';
import { assertEmbeddingsPath, beginEmbeddings, indexPathOf, type EmbeddingsFile } from '@selfsup/pretrain/node';
import { stat } from 'node:fs/promises';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { assertWritable } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { openRun } from './open-run.ts';
import { checkInputs, nothingRead, readInputs, type InputFlags } from './read-inputs.ts';

/** The flags of `selfsup embed`. */
export type EmbedFlags = RunFlags & InputFlags & { readonly out: string };

async function checkOut(out: string): Promise<void> {
  const isFolder = await stat(out).then((info) => info.isDirectory(), () => false); // prettier-ignore
  if (isFolder) throw new SelfsupError('SELFSUP_OPTION', `--out must be a file such as embeddings.npy, got the folder ${printable(out)}`);
  assertEmbeddingsPath(out, '--out');
  await assertWritable(out, '--out');
}

/**
 * `selfsup embed`: writes the encoder's features of samples and what each row stands for, batch by batch.
 *
 * @param inputs files and folders; `-` stands for the lines of standard input
 * @param flags see {@link EmbedFlags}
 * @param output where to report
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runEmbed(inputs: readonly string[], flags: EmbedFlags, output: Output): Promise<number> {
  const { out, split = 'all' } = flags;
  checkInputs(inputs, flags);
  await checkOut(out);
  const { encoder, backend, backendDescription } = await openRun(flags, output);
  let file: EmbeddingsFile | undefined;
  let [rows, dim] = [0, 0];
  return runUntilInterrupt(
    output,
    async (signal) => {
      const opened = await readInputs(encoder, inputs, flags);
      for await (const part of embedSamples(encoder, opened.parts, { signal })) {
        dim = part.features.shape[1];
        file ??= await beginEmbeddings(out, { dim });
        await file.write(part);
        rows += part.items.length;
      }
      const skipped = opened.skipped();
      if (!file) throw nothingRead('embedded', skipped);
      await file.keep();
      const index = /\.npy$/i.test(out) ? indexPathOf(out) : undefined;
      const beside = index === undefined ? '' : `; what each row stands for in ${printable(index)}`;
      const lost = skipped.length > 0 ? `; ${countSkipped(skipped)} not read` : '';
      output.line(`${rows} embeddings of ${dim} numbers in ${printable(out)}${beside}${lost}`);
      output.event('result', {
        ...{ command: 'embed', run: flags.run, dataset: opened.name, backend, backendDescription, steps: encoder.step },
        ...{ split, rows, dim, out, index, skipped },
      });
      return 0;
    },
    async () => {
      await file?.drop();
      encoder.dispose();
    },
  );
}

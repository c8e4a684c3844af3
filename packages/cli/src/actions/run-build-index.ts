import { countOf, printable, SelfsupError } from '@selfsup/core';
import { embedSamples } from '@selfsup/pretrain';
import { buildSearchIndex, embedShard, mergeSearchIndex, partPath } from '@selfsup/pretrain/node';
import type { RunFlags } from '../flags/common-flags.ts';
import { findShare, nameOfPart, partsFolder, type ShardFlags } from '../flags/shard-flags.ts';
import type { Output } from '../output/output.ts';
import { assertWritable } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { openRun } from './open-run.ts';
import { assertThere, checkInputs, readInputs, type InputFlags } from './read-inputs.ts';

/** The flags of `selfsup search` that count in building an index. */
export type BuildIndexFlags = RunFlags &
  InputFlags &
  ShardFlags & { readonly build?: string; readonly query?: readonly string[]; readonly index?: string };

/**
 * `selfsup search --build`: writes an index, or one part of what it is made of, or makes it of the parts.
 *
 * @param inputs files and folders to search in; default the data of the run, or `--data`
 * @param flags see {@link BuildIndexFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function buildIndex(inputs: readonly string[], flags: BuildIndexFlags, output: Output): Promise<number> {
  const { query, text, build = '', index, run, ...rest } = flags;
  if (query || text || index !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', 'build first, then search: leave --query, --text and --index out with --build');
  const share = await findShare(flags);
  checkInputs(inputs, rest);
  const folder = partsFolder(build);
  if (share.kind === 'part') await assertWritable(partPath(folder, share.shard.index, '.npy'), '--build');
  const { encoder, backend, backendDescription } = await openRun(flags, output);
  return runUntilInterrupt(
    output,
    async (signal) => {
      const facts = { command: 'search', run, backend, backendDescription, steps: encoder.step };
      const searched = (rows: number, exact: boolean) =>
        `${countOf(rows, 'samples')} in ${printable(build)}, searched ${exact ? 'exactly' : 'by a graph'}; search them with --index`;
      if (share.kind === 'merge') {
        const { records, rows, exact, skipped } = await mergeSearchIndex(encoder, { folder, out: build, progress: output, signal });
        output.line(`${countOf(records.length, 'parts')} joined: ${searched(rows, exact)}`);
        output.event('result', { ...facts, samples: rows, exact, build, parts: records.length, skipped });
        return 0;
      }
      if (share.kind === 'part') assertThere(encoder, inputs);
      const read = await readInputs(encoder, inputs, rest);
      if (share.kind === 'part') {
        const { shard } = share;
        const made = await embedShard(encoder, read.parts, {
          folder,
          format: '.npy',
          shard,
          progress: output,
          signal,
          skipped: () => read.skipped(),
        });
        const before = made.wasFinished ? ' was finished already, and is as it was written' : '';
        output.line(
          `${nameOfPart(shard)}${before}: ${countOf(made.rows, 'samples')} in ${printable(made.path)}; join the parts with --merge`,
        );
        output.event('result', { ...facts, dataset: read.name, shard, build, ...made });
        return 0;
      }
      const built = await buildSearchIndex(build, embedSamples(encoder, read.parts, { signal }), { encoder });
      output.line(searched(built.rows, built.exact));
      output.event('result', { ...facts, dataset: read.name, samples: built.rows, exact: built.exact, build, skipped: read.skipped() });
      return 0;
    },
    () => {
      encoder.dispose();
    },
  );
}

import { countOf, printable, SelfsupError } from '@selfsup/core';
import {
  contentKeys,
  csvCell,
  duplicatesReport,
  embedSet,
  findDuplicates,
  findOutliers,
  nameOfItem,
  outliersReport,
  searchReport,
  searchSet,
  selectionReport,
  selectSamples,
  type EmbeddedSample,
  type EmbeddedSet,
  type ReportData,
  type SearchHit,
  type SelectionMethod,
} from '@selfsup/pretrain';
import { openSearchIndex } from '@selfsup/pretrain/node';
import { renderReport } from '@selfsup/report';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunFlags } from '../flags/common-flags.ts';
import type { ShardFlags } from '../flags/shard-flags.ts';
import type { Output } from '../output/output.ts';
import { assertWritable, writeWholeFile } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { embedQueries } from './embed-queries.ts';
import { buildIndex } from './run-build-index.ts';
import { openRun, type OpenedEncoder } from './open-run.ts';
import { checkInputs, readInputs, type InputFlags } from './read-inputs.ts';

/** The flags that all commands on many samples share. */
export type ExploreFlags = RunFlags &
  Omit<InputFlags, 'text'> & {
    readonly out?: string;
    readonly report?: string;
    readonly whitening?: boolean;
  };

/** The flags of `selfsup search`. */
export type SearchFlags = ExploreFlags &
  ShardFlags & {
    readonly query?: readonly string[];
    readonly text?: readonly string[];
    readonly count?: number;
    readonly build?: string;
    readonly index?: string;
  };
/** The flags of `selfsup duplicates`. */
export type DuplicatesFlags = ExploreFlags & { readonly threshold?: number };
/** The flags of `selfsup outliers`. */
export type OutliersFlags = ExploreFlags & { readonly count?: number; readonly neighbors?: number };
/** The flags of `selfsup select`. */
export type SelectFlags = ExploreFlags & { readonly count: number; readonly method?: SelectionMethod; readonly seed?: number };

/** A row of a table that a command writes. */
type Row = Readonly<Record<string, string | number | undefined>>;

/** What a command found. */
interface Found {
  /** Lines for people. */
  readonly lines: readonly string[];
  /** What is written to `--out`. */
  readonly rows: readonly Row[];
  /** What scripts get beside it. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Draws the page. */
  report(): Promise<ReportData>;
}

/** Lines that people read; the rest is in the file. */
const SHOWN = 20;

async function writeRows(out: string, rows: readonly Row[]): Promise<void> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => row[name] !== undefined)))];
  const lines = /\.csv$/i.test(out)
    ? [columns.join(','), ...rows.map((row) => columns.map((name) => csvCell(String(row[name] ?? ''))).join(','))]
    : rows.map((row) => JSON.stringify(row));
  await writeWholeFile(out, lines.map((line) => `${line}\n`).join(''));
}

/** Columns that say which sample a row is of. */
const sampleColumns = ({ file, text, label, split, index }: EmbeddedSample, prefix = ''): Row =>
  Object.fromEntries(
    Object.entries({ file, text, ...(file === undefined && text === undefined && { index }), label, split })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [prefix + name, value]),
  );

const shown = (item: EmbeddedSample) => printable(nameOfItem(item), { maxLength: 100 });
const cutOff = (lines: readonly string[], what: string): string[] =>
  lines.length > SHOWN ? [...lines.slice(0, SHOWN), `… and ${lines.length - SHOWN} more ${what}; write them all with --out`] : [...lines];

/** What a search found, for people and for a file. */
function hitTable(queries: EmbeddedSet, items: readonly EmbeddedSample[], hits: readonly (readonly SearchHit[])[]) {
  const rows = hits.flatMap((found, asked) =>
    found.map(({ row, cosine }, i): Row => {
      const item = sampleColumns(items[row]!);
      return { query: nameOfItem(queries.items[asked]!), rank: i + 1, cosine: Number(cosine.toFixed(6)), ...item };
    }),
  );
  const lines = hits.flatMap((found, asked) => [
    `${shown(queries.items[asked]!)}:`,
    ...found.map(({ row, cosine }) => `  ${cosine.toFixed(3)}  ${shown(items[row]!)}`),
  ]);
  return { lines, rows };
}

async function assertTable(out: string | undefined): Promise<void> {
  if (out !== undefined && !/\.(csv|jsonl)$/i.test(out))
    throw new SelfsupError('SELFSUP_OPTION', `--out must end in .csv or .jsonl, got ${printable(out)}`);
  await assertWritable(out, '--out');
}

/** What all commands on many samples do: open the encoder, embed the samples, find, print and write. */
async function explore(
  command: string,
  { inputs, flags, output }: { inputs: readonly string[]; flags: ExploreFlags; output: Output },
  find: (context: { opened: OpenedEncoder; set: EmbeddedSet; name: string; signal: AbortSignal }) => Promise<Found>,
): Promise<number> {
  const { out, report } = flags;
  checkInputs(inputs, flags);
  await assertTable(out);
  if (report !== undefined && !/\.html?$/i.test(report))
    throw new SelfsupError('SELFSUP_OPTION', `--report must end in .html, got ${printable(report)}`);
  await assertWritable(report, '--report');
  const opened = await openRun(flags, output);
  const { encoder, backend, backendDescription } = opened;
  return runUntilInterrupt(
    output,
    async (signal) => {
      const read = await readInputs(encoder, inputs, flags);
      const set = await embedSet(encoder, read.parts, { signal });
      const found = await find({ opened, set, name: read.name, signal });
      signal.throwIfAborted();
      for (const line of found.lines) output.line(line);
      if (out !== undefined) {
        await writeRows(out, found.rows);
        output.line(`Written: ${printable(out)}`);
      }
      if (report !== undefined) {
        await writeWholeFile(report, await renderReport(await found.report()));
        output.line(`Report: ${pathToFileURL(resolve(report)).href}`);
      }
      output.event('result', {
        ...{ command, run: flags.run, dataset: read.name, backend, backendDescription, steps: encoder.step },
        ...{ samples: set.items.length, ...found.facts, rows: found.rows, out, report, skipped: read.skipped() },
      });
      return 0;
    },
    () => {
      encoder.dispose();
    },
  );
}

/**
 * `selfsup search`: finds the samples that are most like a photo or a text.
 *
 * @param inputs files and folders to search in; default the data of the run, or `--data`
 * @param flags see {@link SearchFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runSearch(inputs: readonly string[], flags: SearchFlags, output: Output): Promise<number> {
  const { query = [], text, count = 10, whitening, build, index, ...rest } = flags;
  const parts = flags.shard !== undefined || flags.shards !== undefined || flags.merge === true;
  if (parts && build === undefined)
    throw new SelfsupError('SELFSUP_OPTION', '--shard, --shards and --merge are for building an index in parts; add --build');
  if (build !== undefined || index !== undefined) {
    if (whitening)
      throw new SelfsupError('SELFSUP_OPTION', '--whitening is for samples that are searched at once; leave it out with an index');
    return build === undefined ? searchIndex(inputs, flags, output) : buildIndex(inputs, flags, output);
  }
  if (query.length === 0 && !text)
    throw new SelfsupError('SELFSUP_OPTION', 'say what to look for: --query photo.jpg, or --text "..." for an encoder of text');
  return explore('search', { inputs, flags: rest, output }, async ({ opened: { encoder, registry }, set, name, signal }) => {
    const queries = await embedQueries({ encoder, registry }, { query, text, run: flags.run, signal });
    const hits = await searchSet(queries, set, { count, whitening });
    const { lines, rows } = hitTable(queries, set.items, hits);
    return { lines, rows, facts: { queries: queries.items.length }, report: () => searchReport({ encoder, set, name }, queries, hits) };
  });
}

/** `selfsup search --index`: searches in an index. */
async function searchIndex(inputs: readonly string[], flags: SearchFlags, output: Output): Promise<number> {
  const { query = [], text, count = 10, index: folder = '', out, report, data, run } = flags;
  if (inputs.length > 0 || data !== undefined || report !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', 'an index holds what is searched: leave files, --data and --report out with --index');
  if (query.length === 0 && !text)
    throw new SelfsupError('SELFSUP_OPTION', 'say what to look for: --query photo.jpg, or --text "..." for an encoder of text');
  if (!Number.isSafeInteger(count) || count < 1) throw new SelfsupError('SELFSUP_OPTION', `--count must be an integer >= 1, got ${count}`);
  await assertTable(out);
  const { encoder, registry, backend, backendDescription } = await openRun(flags, output);
  try {
    const index = await openSearchIndex(folder, encoder);
    const queries = await embedQueries({ encoder, registry }, { query, text, run });
    const hits = await index.search(queries.features, { count });
    const { lines, rows } = hitTable(queries, index.items, hits);
    for (const line of lines) output.line(line);
    if (out !== undefined) {
      await writeRows(out, rows);
      output.line(`Written: ${printable(out)}`);
    }
    const facts = { command: 'search', run, index: folder, backend, backendDescription, steps: encoder.step };
    output.event('result', { ...facts, samples: index.items.length, exact: index.exact, queries: queries.items.length, rows, out });
    return 0;
  } finally {
    encoder.dispose();
  }
}

/**
 * `selfsup duplicates`: finds groups of samples that are the same or nearly the same.
 *
 * @param inputs files and folders; default the data of the run, or `--data`
 * @param flags see {@link DuplicatesFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runDuplicates(inputs: readonly string[], flags: DuplicatesFlags, output: Output): Promise<number> {
  const { threshold, whitening } = flags;
  return explore('duplicates', { inputs, flags, output }, async ({ opened: { encoder }, set, name, signal }) => {
    const keys = await contentKeys(set, { readFile: (path) => readFile(path) });
    const found = await findDuplicates(encoder, set, { threshold, whitening, keys, signal, progress: output });
    const rows = found.groups.flatMap(({ rows: own, exact, cosine }, group) =>
      own.map((row): Row => {
        const kind = exact ? 'exact' : 'near';
        return { group: group + 1, kind, cosine: Number(cosine.toFixed(6)), ...sampleColumns(set.items[row]!) };
      }),
    );
    const groups = found.groups.map(({ rows: own, exact, cosine }) => {
      const names = own.slice(0, 4).map((row) => shown(set.items[row]!)).join(', '); // prettier-ignore
      return `  ${exact ? 'same ' : cosine.toFixed(3)}  ${names}${own.length > 4 ? ` and ${own.length - 4} more` : ''}`;
    });
    const extra = found.groups.reduce((sum, { rows: own }) => sum + own.length - 1, 0);
    const head = `${extra} of ${countOf(set.items.length, 'samples')} repeat another, in ${countOf(groups.length, 'groups')} (cosine >= ${found.threshold.toFixed(3)})`;
    const facts = { threshold: found.threshold, chosenBy: found.chosenBy, copiesFound: found.copiesFound };
    return {
      ...{ lines: [head, ...cutOff(groups, 'groups'), found.chosenBy], rows, facts: { ...facts, groups: groups.length, repeats: extra } },
      report: () => duplicatesReport({ encoder, set, name }, found),
    };
  });
}

/**
 * `selfsup outliers`: ranks samples by how little they belong to the others.
 *
 * @param inputs files and folders; default the data of the run, or `--data`
 * @param flags see {@link OutliersFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runOutliers(inputs: readonly string[], flags: OutliersFlags, output: Output): Promise<number> {
  const { count = 100, neighbors, whitening } = flags;
  return explore('outliers', { inputs, flags, output }, async ({ opened: { encoder }, set, name }) => {
    const found = await findOutliers(set, { count, neighbors, whitening });
    const rows = found.map(({ row, score }, i): Row => ({
      rank: i + 1,
      score: Number(score.toFixed(6)),
      ...sampleColumns(set.items[row]!),
    }));
    const lines = found.map(({ row, score }) => `  ${score.toFixed(2)}  ${shown(set.items[row]!)}`);
    const head = `The least usual of ${countOf(set.items.length, 'samples')}, with the local outlier factor (about 1 is usual):`;
    return { lines: [head, ...cutOff(lines, 'samples')], rows, facts: {}, report: () => outliersReport({ encoder, set, name }, found) };
  });
}

/**
 * `selfsup select`: chooses a diverse part of the samples to be labeled.
 *
 * @param inputs files and folders; default the data of the run, or `--data`
 * @param flags see {@link SelectFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runSelect(inputs: readonly string[], flags: SelectFlags, output: Output): Promise<number> {
  const { count, method = 'typicality', seed, whitening } = flags;
  return explore('select', { inputs, flags, output }, async ({ opened: { encoder }, set, name }) => {
    const found = await selectSamples(set, { count, method, seed, whitening, progress: output });
    const rows = found.map(({ row, score, size }, i): Row => {
      const item = sampleColumns(set.items[row]!);
      return { rank: i + 1, ...item, score: Number(score.toFixed(6)), ...(size !== undefined && { clusterSize: size }) };
    });
    const lines = found.map(({ row, size }) => `  ${shown(set.items[row]!)}${size === undefined ? '' : `  (for ${size})`}`);
    const head = `${found.length} of ${countOf(set.items.length, 'samples')} to label, by ${method}:`;
    const report = () => selectionReport({ encoder, set, name }, found, method);
    return { lines: [head, ...cutOff(lines, 'samples')], rows, facts: { method }, report };
  });
}

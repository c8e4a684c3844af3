import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { countOf, printable, SelfsupError } from '@selfsup/core';
import { countSkipped, openSamplesFor, type LoadedEncoder, type SamplesPart, type Skipped } from '@selfsup/pretrain';
import { openInputs } from '@selfsup/pretrain/node';
import { text as readAll } from 'node:stream/consumers';
import { columnOptions, type DataFlags } from '../flags/common-flags.ts';

/** The flags of commands that use an encoder on samples. */
export interface InputFlags extends DataFlags {
  readonly split?: string;
  readonly text?: readonly string[];
}

/** Samples that a command works on. */
export interface ReadInputs {
  /** What they are called. */
  readonly name: string;
  /** Opened as they are needed. */
  readonly parts: AsyncIterable<SamplesPart> | Iterable<SamplesPart>;
  /** What could not be used so far. */
  skipped(): readonly Skipped[];
}

const SPLITS = ['train', 'test', 'all'];
const linesOf = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '');

/**
 * Refuses flags that do not go together, before anything is opened.
 *
 * @param inputs files and folders
 * @param flags see {@link InputFlags}
 * @throws SelfsupError `SELFSUP_OPTION`
 */
export function checkInputs(inputs: readonly string[], { split, text, data }: InputFlags): void {
  if (split !== undefined && !SPLITS.includes(split))
    throw new SelfsupError('SELFSUP_OPTION', `--split must be one of ${SPLITS.join(', ')}, got '${split}'`);
  if (data !== undefined && (inputs.length > 0 || text))
    throw new SelfsupError('SELFSUP_OPTION', 'give either files, folders and --text, or --data, which keeps labels and parts');
}

/**
 * Refuses a folder of photos that is not there, which a single process skips: as one of many it would write a part without rows and end well.
 *
 * @param encoder that takes the inputs
 * @param inputs files, folders and `-`
 * @throws SelfsupError `SELFSUP_DATA`
 */
export function assertThere({ modality }: Pick<LoadedEncoder, 'modality'>, inputs: readonly string[]): void {
  if (!['image', 'image-text'].includes(modality.name)) return; // others refuse it by themselves
  const missing = inputs.find((input) => input !== '-' && extname(input) === '' && !existsSync(input)); // a single file is skipped and told, in parts, too
  if (missing !== undefined)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `there is nothing at ${printable(missing)} on this machine; every process of a job in parts must see all the data under the same path`,
    );
}

/**
 * Tells files and folders from texts; `-` stands for the lines of standard input, which are texts for an encoder of text and paths for others.
 *
 * @param encoder that takes them
 * @param inputs files, folders and `-`
 * @param given texts of `--text`
 * @returns what `openInputs` opens
 */
export async function sortInputs(
  { modality }: Pick<LoadedEncoder, 'modality'>,
  inputs: readonly string[],
  given: readonly string[] = [],
): Promise<{ paths: string[]; texts: string[] }> {
  const said = inputs.includes('-') ? linesOf(await readAll(process.stdin)) : [];
  const isText = modality.name === 'text';
  return {
    texts: [...given, ...(isText ? said : [])],
    paths: [...inputs.filter((input) => input !== '-'), ...(isText ? [] : said)],
  };
}

/**
 * The error of a command that could read nothing.
 *
 * @param done such as `embedded`
 * @param skipped what could not be read
 */
export function nothingRead(done: string, skipped: readonly Skipped[]): SelfsupError {
  const count = countSkipped(skipped);
  return new SelfsupError('SELFSUP_DATA', `nothing could be ${done}: ${countOf(count, 'inputs')} cannot be read`);
}

async function* openGiven(encoder: LoadedEncoder, inputs: readonly string[], flags: InputFlags, skipped: (() => readonly Skipped[])[]) {
  const options = columnOptions(flags);
  for await (const input of openInputs(encoder, { ...(await sortInputs(encoder, inputs, flags.text)), options })) {
    skipped.push(() => input.skipped());
    yield { samples: input.samples };
  }
}

/**
 * Opens what a command works on: files and folders, standard input for `-`, texts; without any of them the data of the run, or `--data`.
 *
 * @param encoder that takes them
 * @param inputs files and folders
 * @param flags see {@link InputFlags}
 * @returns see {@link ReadInputs}
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing to open
 */
export async function readInputs(encoder: LoadedEncoder, inputs: readonly string[], flags: InputFlags): Promise<ReadInputs> {
  if (inputs.length > 0 || flags.text) {
    const skipped: (() => readonly Skipped[])[] = [];
    const [first = 'text'] = inputs;
    return {
      name: inputs.length + (flags.text?.length ?? 0) === 1 ? first : 'inputs',
      parts: openGiven(encoder, inputs, flags, skipped),
      skipped: () => skipped.flatMap((list) => list()),
    };
  }
  const { split = 'all', data, limit, testLimit } = flags;
  const opened = await openSamplesFor(encoder, { data, limit, testLimit, options: columnOptions(flags) });
  const { train, test, unit, name } = opened;
  if (split === 'test' && !test) throw new SelfsupError('SELFSUP_DATA', `--split test: these ${unit} have no test part; use --split train`);
  const parts = [['train', train] as const, ['test', test] as const].flatMap(([part, samples]) =>
    samples && (split === 'all' || split === part) ? [{ samples, ...(test && { split: part }) }] : [],
  );
  return { name, parts, skipped: () => opened.skipped() };
}

import type { LabelSource } from '@selfsup/pretrain';
import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { releaseEarlyInterrupt } from '../early-interrupt.ts';
import type { Output } from '../output/output.ts';
import { inFlags } from './in-flags.ts';
import { collect, parseAny, parseNumber } from './parse-value.ts';

/** Flags of every command that computes. */
export interface BackendFlags {
  readonly backend?: string | undefined;
  /** Checked where the backend is chosen. */
  readonly threads?: 'auto' | number | undefined;
  /** Checked where the backend is chosen. */
  readonly wideVectors?: 'auto' | boolean | undefined;
}

/** Flags of every command that opens a run. */
export interface RunFlags extends BackendFlags {
  readonly run: string;
  readonly encoder?: string;
  readonly readout?: string;
  readonly plugin?: readonly string[];
}

/** Flags that say which columns of a table hold what, and what of a file of text is one. */
export interface ColumnFlags {
  readonly textColumn?: string;
  readonly labelColumn?: string;
  readonly header?: boolean;
  readonly documents?: string;
}

/** Flags that say where the labels are. */
export interface LabelFlags {
  readonly labels?: string;
  readonly fileColumn?: string;
}

/** Flags that choose other data than the run's. */
export interface DataFlags extends ColumnFlags, LabelFlags {
  readonly data?: string;
  readonly testData?: string;
  readonly limit?: number;
  readonly testLimit?: number;
}

/** `--plugin`. */
export const pluginOption = (): Option =>
  new Option(
    '--plugin <module>',
    'a file or an installed package that adds tasks, encoders, modalities or data; can be repeated',
  ).argParser(collect);

/** Adds `--backend`, `--threads`, `--wide-vectors`. */
export function addBackendFlags(command: Command): Command {
  return addSpeedFlags(command.option('--backend <name>', 'what computes (default: auto, the fastest that works; see selfsup backends)'));
}

/** Adds `--threads`, `--wide-vectors`. */
export function addSpeedFlags(command: Command): Command {
  return command
    .option(
      '--threads <n>',
      'how many threads compute on wasm or TensorFlow (default: auto, the physical cores that the process may use)',
      parseAny,
    )
    .option('--wide-vectors <auto|true|false>', 'vectors of 256 bits on wasm (default: auto, where a short trial gains)', parseAny);
}

/** `--json`. */
export const jsonOption = (): Option => new Option('--json', 'one JSON object per line on standard output');

/** `--encoder`, of commands that use an encoder. */
export const encoderOption = (): Option =>
  new Option('--encoder <name>', 'which encoder of a run that keeps several, such as text where it learned from images with texts');

/** Adds `--run`, `--plugin`, the flags of the backend, `--json`. */
export function addRunFlags(command: Command): Command {
  command
    .addOption(new Option('--run <folder>', 'the folder of a run, a file or folder of weights, or hf:owner/name').makeOptionMandatory())
    .addOption(pluginOption());
  return addBackendFlags(command).addOption(jsonOption());
}

/** Adds `--text-column`, `--label-column`, `--header`, `--no-header` and `--documents`. */
export function addColumnFlags(command: Command): Command {
  return command
    .option('--text-column <columns>', 'tables: the column of the text, by name or number from 0; several, with commas, are joined')
    .option('--label-column <column>', 'tables: the column of the label, by name or number from 0')
    .option('--header', 'tables: the first line has the names of the columns (default: where it looks so)')
    .option('--no-header', 'tables: it has not')
    .addOption(documentsOption());
}

/** `--documents`. */
export const documentsOption = (): Option =>
  new Option(
    '--documents <rule>',
    'files of text: what of a file is one text (default: all of it in folders and patterns, each line of a single file)',
  ).choices(['file', 'line', 'blank-line', 'chapter']);

/** What {@link addColumnFlags} gave, as options of the modality; undefined where none was given. */
export function columnOptions({ textColumn, labelColumn, header, documents }: ColumnFlags): Readonly<Record<string, unknown>> | undefined {
  const given = Object.entries({ textColumn, labelColumn, header, documents }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Adds `--labels` and `--file-column`. */
export function addLabelFlags(command: Command): Command {
  return command
    .option('--labels <file>', 'a table with a line `file,label` for each photo (.csv, .tsv, .jsonl), or an IDX file of labels')
    .option('--file-column <column>', 'labels: the column of the files, by name or number from 0; that of the labels is --label-column');
}

/** A column as it is given on the command line: a name, or a number from 0. */
const columnOf = (name: string): string | number => (/^\d+$/.test(name) ? Number(name) : name);

/** What {@link addLabelFlags} gave: an IDX file by its path, or a table with its columns. */
export function labelSource(flags: LabelFlags & ColumnFlags): string | LabelSource | undefined {
  const { labels: path, fileColumn, labelColumn, header } = flags;
  if (path === undefined || !/\.(csv|tsv|txt|jsonl|ndjson)$/i.test(path)) return path;
  return {
    ...{ path, header },
    ...(fileColumn !== undefined && { fileColumn: columnOf(fileColumn) }),
    ...(labelColumn !== undefined && { labelColumn: columnOf(labelColumn) }),
  };
}

/** Adds what chooses other data than the run's. */
export function addDataFlags(command: Command): Command {
  return addColumnFlags(command)
    .option('--data <source>', 'other data than that of the run')
    .option('--readout <name>', 'what the features are instead of what the run chose: global, or a readout of the encoder')
    .option('--limit <n>', 'at most so many training samples', parseNumber)
    .option('--test-limit <n>', 'at most so many test samples', parseNumber);
}

/** Runs what a command does, with an output that names options as flags, and takes over its exit code. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- commander knows no types of flags; the command that declared them says which
export async function act<F>(self: Command, context: CommandContext, run: (flags: F, output: Output) => Promise<number>): Promise<void> {
  context.command = self;
  if (self.name() !== 'train') releaseEarlyInterrupt(); // they keep nothing that could be lost
  const { createOutput } = await import('../output/create-output.ts');
  const flags = self.optsWithGlobals<F & { json?: boolean }>();
  const output = createOutput(context.streams, { json: flags.json });
  try {
    context.code = await run(flags, {
      ...output,
      line: (text) => {
        output.line(inFlags(text, context));
      },
      warn: (text) => {
        output.warn(inFlags(text, context));
      },
    });
  } finally {
    await (await import('@selfsup/backends')).closeBackends(); // some would keep the process alive
  }
}

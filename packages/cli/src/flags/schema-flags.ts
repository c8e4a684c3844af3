import { printable } from '@selfsup/core';
import type { OptionDescription } from '@selfsup/pretrain';
import { Option, type Command } from 'commander';
import { parseAny, parseList, parseNumber } from './parse-value.ts';

/** A flag that an option of a schema became. */
export interface SchemaFlag {
  /** One option of the command, or two: `--symmetric` and `--no-symmetric`. */
  readonly options: readonly Option[];
  /** The name of the option. */
  readonly name: string;
}

/** What {@link schemaFlags} is told. */
export interface SchemaFlagsOptions {
  /** The heading in the help. */
  readonly group: string;
  /** Names that are taken already, in camelCase; those of these flags are added. */
  readonly taken: Set<string>;
  /** The values in effect unless given, where they differ from the schema's. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the help leaves them out; default false. */
  readonly hidden?: boolean;
}

/** `queueSize` as a flag: `--queue-size`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** So many choices are listed; more of them are variants of these. */
const SHOWN = 16;

function choicesOf(expected: string): string[] {
  if (!expected.startsWith('one of ')) return [];
  const choices = expected.slice('one of '.length).split(', ');
  return [[...choices.slice(0, SHOWN), ...(choices.length > SHOWN ? ['…'] : [])].join(', ')];
}

function describe({ description, expected, kind }: OptionDescription, fallback: unknown): string {
  const facts = [...choicesOf(expected), ...(fallback === undefined || kind === 'boolean' ? [] : [`default: ${show(fallback)}`])];
  return [
    kind === 'boolean' ? description.replace(/^whether /, '') : description,
    ...(facts.length > 0 ? [`(${facts.join('; ')})`] : []),
  ].join(' ');
}

function optionsOf(described: OptionDescription, fallback: unknown): Option[] {
  const { name, kind } = described;
  const flag = kebab(name);
  const text = describe(described, fallback);
  if (kind !== 'boolean') {
    const place = kind === 'number' ? '<n>' : described.expected.startsWith('one of ') ? '<name>' : '<value>';
    const option = new Option(`--${flag} ${place}`, text);
    const parsers = { number: parseNumber, list: parseList, json: parseAny };
    return [kind === 'string' ? option : option.argParser<unknown>(parsers[kind])];
  }
  const [on, off] = [new Option(`--${flag}`, text), new Option(`--no-${flag}`, `turns off: ${text}`)];
  if (fallback === true) on.hideHelp();
  else off.hideHelp();
  return [on, off];
}

/**
 * Makes flags of the options of a schema; those whose names are taken get none.
 *
 * @param descriptions from `describeOptions`
 * @param options see {@link SchemaFlagsOptions}
 * @returns the flags, in order
 */
export function schemaFlags(descriptions: readonly OptionDescription[], options: SchemaFlagsOptions): SchemaFlag[] {
  const { group, taken, defaults = {}, hidden = false } = options;
  return descriptions.flatMap((described) => {
    const { name } = described;
    if (taken.has(name)) return [];
    taken.add(name);
    const made = optionsOf(described, defaults[name] ?? described.default);
    return [{ name, options: made.map((option) => option.helpGroup(`${group}:`).hideHelp(hidden || option.hidden)) }];
  });
}

/** An option with its value as the command line has it, such as `--no-online-probe` or `--threads 2`. */
export function writtenFlag({ name, kind }: Pick<OptionDescription, 'name' | 'kind'>, value: unknown): string {
  if (kind === 'boolean') return `--${value === true ? '' : 'no-'}${kebab(name)}`;
  return `--${kebab(name)} ${printable(show(value))}`;
}

/** Adds flags to a command. */
export function addFlags(command: Command, flags: readonly SchemaFlag[]): void {
  for (const { options } of flags) for (const option of options) command.addOption(option);
}

/** What was given on the command line, by the names of the options. */
export function givenBy(command: Command, flags: readonly SchemaFlag[]): Record<string, unknown> {
  return Object.fromEntries(
    flags.flatMap(({ name, options: [option] }) => {
      const attribute = option!.attributeName();
      return command.getOptionValueSource(attribute) === 'cli' ? [[name, command.getOptionValue(attribute) as unknown]] : [];
    }),
  );
}

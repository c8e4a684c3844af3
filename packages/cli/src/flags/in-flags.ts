import type { CommandContext } from '../command-context.ts';

/** Flags that are no options of anything below: their names in a message mean something else. */
const OWN = new Set(['run', 'out', 'json', 'verbose', 'config', 'plugin', 'help', 'train', 'test']);

/**
 * Names options in a message as the command line does: `--batch-size` for `` `batchSize` ``.
 *
 * @param message of an error of a package, which names options in backticks
 * @param context whose command has the flags
 * @returns the same message; names without a flag stay as they are
 */
export function inFlags(message: string, { command, flagNames }: Pick<CommandContext, 'command' | 'flagNames'>): string {
  const flags = new Map(flagNames);
  for (const option of command?.options ?? [])
    if (option.long && !option.negate && !OWN.has(option.attributeName())) flags.set(option.attributeName(), option.long);
  const named = message.replace(/`([\w.]+)`/g, (quoted, name: string) => {
    const [, kind, option] = /^(task|encoder|readout)Options\.(.*)$/.exec(name) ?? [];
    return flags.get(name) ?? (kind === undefined ? quoted : `--${kind}-option ${option!}`);
  });
  return named.replace(/^\w+: (?=--)/, ''); // the function that found it says nothing here
}

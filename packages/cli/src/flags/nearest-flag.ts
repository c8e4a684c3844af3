import type { Command } from 'commander';

/** What other programs call a flag, without dashes. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  encoder: ['arch', 'backbone', 'model'],
  data: ['dataset', 'data-dir'],
  'batch-size': ['batch', 'per-device-train-batch-size'],
  epochs: ['num-epochs', 'num-train-epochs', 'max-epochs'],
  out: ['output', 'output-dir', 'out-dir', 'save-dir'],
  backend: ['device'],
  temperature: ['temp'],
  optimizer: ['optim'],
  init: ['pretrained', 'weights'],
  task: ['method'],
  run: ['checkpoint'],
};

const initialsOf = (name: string) =>
  name
    .split('-')
    .map(([first]) => first)
    .join('');

/** The command that a command line is about, the program where it names none. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const child = command.commands.find((each) => each.name() === word);
    if (child) command = child;
  }
  return command;
}

/**
 * The flag that one which does not exist probably stands for: by the initials of its words (`--lr`), the name that other programs have for it
 * (`--num-epochs`), or the nearest name.
 *
 * @param flag as it was typed, such as `--lr` or `-lr=3`
 * @param program the program, whose commands have the flags
 * @param argv the command line, which says the command
 * @returns such as `--learning-rate`; undefined where none is near
 */
export async function nearestFlag(flag: string, program: Command, argv: readonly string[]): Promise<string | undefined> {
  const { nearestName } = await import('@selfsup/pretrain'); // only after a mistake: it brings tfjs along
  const typed = flag.replace(/^-+|=.*$/gs, '').replaceAll('_', '-');
  const flags = [...commandOf(program, argv).options, ...program.options].flatMap(({ long }) => (long ? [long.slice(2)] : []));
  const alias = Object.keys(ALIASES).find((flag) => ALIASES[flag]!.includes(typed.toLowerCase())) ?? '';
  const name =
    flags.find((known) => known.includes('-') && initialsOf(known) === typed.toLowerCase()) ??
    (flags.includes(alias) ? alias : nearestName(typed, flags));
  return name === undefined ? undefined : `--${name}`;
}

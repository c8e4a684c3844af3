import { CommanderError, type Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { FAILED } from './exit-codes.ts';
import { inFlags } from './flags/in-flags.ts';
import type { Streams } from './output/output.ts';
import { createProgram } from './program.ts';

interface Failure {
  /** For scripts. */
  readonly code: string;
  /** For people: one line. */
  readonly message: string;
}

const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ');

/** A command with all below it. */
const commandsOf = (command: Command): Command[] => [command, ...command.commands.flatMap(commandsOf)];

/** What commander says, one line; of a flag that does not exist, whose it is or which one is near. */
async function explainUse({ message }: CommanderError, context: CommandContext, argv: readonly string[]): Promise<string> {
  const said = oneLine(message).replace(/^error: |\.$/g, '');
  const [, flag] = /^unknown option '(-[^']+)'$/.exec(said) ?? [];
  const [, long] = /^unknown option '(--[^']+)'/.exec(said) ?? [];
  const [, crowded] = /^too many arguments for '([^']+)'/.exec(said) ?? [];
  const alone =
    context.program && crowded !== undefined ? commandsOf(context.program).find((one) => one.name() === crowded)?.args : undefined;
  if (alone?.[0] !== undefined) return `${crowded!}: ${JSON.stringify(alone[0])} belongs to no flag, and nothing is taken beside flags`;
  const owner = long === undefined ? undefined : context.ownerOf?.(long);
  if (owner !== undefined || flag === undefined || context.program === undefined) return owner ?? said;
  const { nearestFlag } = await import('./flags/nearest-flag.ts');
  const near = await nearestFlag(flag, context.program, argv);
  return near === undefined ? said : `${said} (Did you mean ${near}?)`;
}

async function explain(error: unknown, context: CommandContext, argv: readonly string[]): Promise<Failure> {
  if (error instanceof CommanderError)
    return { code: 'SELFSUP_OPTION', message: `${await explainUse(error, context, argv)}; see selfsup -h` };
  const { isSelfsupError } = await import('@selfsup/core'); // only now: it brings tfjs along, and `--version` needs none
  if (isSelfsupError(error)) return { code: error.code, message: oneLine(inFlags(error.message, context)) };
  const message = oneLine(error instanceof Error ? error.message : String(error));
  return { code: 'SELFSUP_UNEXPECTED', message: `unexpected error: ${message} (run again with --verbose for the place where it happened)` };
}

/**
 * Runs a command line; errors become one line on standard error, and an event with `--json`.
 *
 * @param argv the arguments without node and the script
 * @param streams where to write; default those of the process
 * @returns the exit code: 0, 1 after an error, 130 after an interrupt; of a rank that `--ranks` started also 64 and 75, see exit-codes.ts
 */
export async function runCli(argv: readonly string[], streams: Streams = process): Promise<number> {
  const context: CommandContext = { streams, code: 0 };
  try {
    const program = await createProgram(argv, context);
    context.program = program;
    await program.parseAsync(argv, { from: 'user' });
    return context.code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // help or version
    if (error instanceof CommanderError && error.code === 'commander.help') return FAILED; // it was printed
    const { code, message } = await explain(error, context, argv);
    if (argv.includes('--json')) streams.stdout.write(`${JSON.stringify({ type: 'error', code, message })}\n`);
    streams.stderr.write(`selfsup: ${message}\n`);
    if (argv.includes('--verbose') && error instanceof Error) streams.stderr.write(`${error.stack ?? ''}\n`);
    return context.failure ?? FAILED;
  }
}

import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { augmentCommand } from './commands/augment.ts';
import { backendsCommand } from './commands/backends.ts';
import { embedCommand } from './commands/embed.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { duplicatesCommand, outliersCommand, searchCommand, selectCommand } from './commands/explore.ts';
import { exportCommand } from './commands/export.ts';
import { fineTuneCommand } from './commands/fine-tune.ts';
import { predictCommand } from './commands/predict.ts';
import { predictMaskCommand } from './commands/predict-mask.ts';
import { reportCommand } from './commands/report.ts';
import { version } from './version.ts';

const EXAMPLES = `
Example:
  $ selfsup train --data shapes --epochs 5 --out runs/shapes
  $ selfsup evaluate knn --run runs/shapes
  $ selfsup <command> -h`;

/** Writes where the program is told to, and leaves errors to it. */
function setUp(command: Command, { streams }: CommandContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void streams.stdout.write(text),
    writeErr: (text) => void streams.stderr.write(text),
    outputError: () => undefined,
  });
  for (const child of command.commands) setUp(child, { streams } as CommandContext);
}

/** `selfsup train`: its flags depend on the task, so they are made only when it is asked for. */
async function train(argv: readonly string[], context: CommandContext): Promise<Command> {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  if ((first === 'help' ? second : first) === 'train') return (await import('./commands/train.ts')).trainCommand(argv, context);
  return new Command('train').description(
    'Pretrain an encoder on data without labels; labels, where there are any, only measure it, except in the task sup-con',
  );
}

/**
 * Makes the program; it throws a CommanderError where commander would end the process, and prints no error itself.
 *
 * @param argv the command line, on which the flags of `train` depend
 * @param context what is shared with the commands
 */
export async function createProgram(argv: readonly string[], context: CommandContext): Promise<Command> {
  const program = new Command('selfsup')
    .description('Self-supervised learning: pretrain encoders on images, videos, text, and what plugins bring')
    .version(version)
    .option('--verbose', 'show the stack of an unexpected error, and with --json each update')
    .addHelpText('after', EXAMPLES);
  const commands = [
    evaluateCommand,
    embedCommand,
    exportCommand,
    reportCommand,
    predictMaskCommand,
    augmentCommand,
    fineTuneCommand,
    predictCommand,
    searchCommand,
    duplicatesCommand,
    outliersCommand,
    selectCommand,
    backendsCommand,
  ];
  program.addCommand(await train(argv, context));
  for (const make of commands) program.addCommand(make(context));
  setUp(program, context);
  return program;
}

import { Command } from 'commander';
import { augmentCommand } from './commands/augment.ts';
import { embedCommand } from './commands/embed.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { fineTuneCommand } from './commands/fine-tune.ts';
import { predictMaskCommand } from './commands/predict-mask.ts';
import { reportCommand } from './commands/report.ts';
import { trainCommand } from './commands/train.ts';
import { version } from './version.ts';

const EXAMPLES = `
Example:
  $ selfsup train --data shapes --epochs 5 --out runs/shapes
  $ selfsup evaluate knn --run runs/shapes
  $ selfsup <command> -h`;

function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  command.commands.forEach(quiet);
}

/** The command line; it throws a CommanderError where commander would end the process, and prints no error itself. */
export function createProgram(): Command {
  const program = new Command('selfsup')
    .description('Self-supervised learning: pretrain encoders on your own images and text')
    .version(version)
    .option('--verbose', 'show the stack of an unexpected error')
    .addHelpText('after', EXAMPLES);
  const commands = [
    trainCommand(),
    evaluateCommand(),
    embedCommand(),
    exportCommand(),
    reportCommand(),
    predictMaskCommand(),
    augmentCommand(),
    fineTuneCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  quiet(program);
  return program;
}

import { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { act, addRunFlags, type RunFlags } from '../flags/common-flags.ts';

const EXAMPLES = `
Example:
  $ selfsup report --run runs/shapes`;

/** `selfsup report`. */
export function reportCommand(context: CommandContext): Command {
  return addRunFlags(new Command('report'))
    .description('Write report.html of a run again, with what was fine-tuned since')
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<RunFlags>(self, context, async (flags, output) => (await import('../actions/run-report.ts')).runReport(flags, output)),
    );
}

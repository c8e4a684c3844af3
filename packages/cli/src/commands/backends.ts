import { Command } from 'commander';
import type { BackendsFlags } from '../actions/run-backends.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addSpeedFlags, jsonOption, pluginOption } from '../flags/common-flags.ts';

const EXAMPLES = `
Example:
  $ selfsup backends
  $ selfsup train --data photos --backend webgpu`;

/** `selfsup backends`. */
export function backendsCommand(context: CommandContext): Command {
  return addSpeedFlags(new Command('backends').addOption(pluginOption()))
    .description('Show what can compute here, how fast, and what is missing for the rest')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<BackendsFlags>(self, context, async (flags, output) => (await import('../actions/run-backends.ts')).runBackends(flags, output)),
    );
}

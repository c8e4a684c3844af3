import { Command } from 'commander';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { ReportFlags } from './run-report.ts';

const EXAMPLES = `
Example:
  $ selfsup report --run runs/shapes`;

/** `selfsup report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('Write report.html of a finished run again')
    .requiredOption('--run <folder>', 'the folder of the run')
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & ReportFlags>();
      const { runReport } = await import('./run-report.ts');
      await exitWith(runReport(flags, createOutput(flags)));
    });
}

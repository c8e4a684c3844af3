import { Command } from 'commander';
import type { ExportFlags } from '../actions/run-export.ts';
import type { CommandContext } from '../command-context.ts';
import { act, jsonOption, pluginOption } from '../flags/common-flags.ts';

const EXAMPLES = `
Example:
  $ selfsup export --run runs/text --format huggingface --out my-bert
  $ python -c "import transformers; transformers.BertForMaskedLM.from_pretrained('my-bert')"`;

/** `selfsup export`. */
export function exportCommand(context: CommandContext): Command {
  return new Command('export')
    .description('Write the encoder of a run as a folder that other libraries load')
    .requiredOption('--run <folder>', 'the folder of the run')
    .requiredOption('--out <folder>', 'the folder to write, new or empty')
    .option('--format <name>', 'how to write it, such as huggingface for text (default: the first of its kind of data)')
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<ExportFlags>(self, context, async (flags, output) => (await import('../actions/run-export.ts')).runExport(flags, output)),
    );
}

import { Command, Option } from 'commander';
import { createOutput } from '../output/create-output.ts';
import { exitWith, type CommonFlags } from './common-flags.ts';
import type { ExportFlags } from './run-export.ts';

const EXAMPLES = `
Example:
  $ selfsup export --run runs/text --format huggingface --out my-bert
  $ python -c "import transformers; transformers.BertForMaskedLM.from_pretrained('my-bert')"`;

/** `selfsup export`. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write the BERT of a run as a folder that other libraries load')
    .requiredOption('--run <folder>', 'the folder of the run')
    .requiredOption('--out <folder>', 'the folder to write, new or empty')
    .addOption(new Option('--format <name>', 'how to write it').choices(['huggingface']).default('huggingface'))
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & ExportFlags>();
      const { runExport } = await import('./run-export.ts');
      await exitWith(runExport(flags, createOutput(flags)));
    });
}

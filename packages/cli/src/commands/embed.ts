import { Command } from 'commander';
import type { EmbedFlags } from '../actions/run-embed.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addDataFlags, addRunFlags } from '../flags/common-flags.ts';

const EXAMPLES = `
Examples:
  $ selfsup embed --run runs/shapes --data photos/ --out embeddings.npy
  $ selfsup embed --run runs/text --data questions.txt --out embeddings.csv
  $ python -c "import numpy; print(numpy.load('embeddings.npy').shape)"`;

/** `selfsup embed`. */
export function embedCommand(context: CommandContext): Command {
  return addDataFlags(addRunFlags(new Command('embed')))
    .description('Write the features of samples: a row of numbers for each')
    .requiredOption('--out <file>', 'the file to write: .npy (NumPy, float32 [samples, dim]) or .csv (a line for each sample)')
    .option('--split <name>', 'train, test or all (default: all, training samples first)')
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<EmbedFlags>(self, context, async (flags, output) => (await import('../actions/run-embed.ts')).runEmbed(flags, output)),
    );
}

import { Command, Option } from 'commander';
import type { EmbedFlags } from '../actions/run-embed.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addDataFlags, addRunFlags, encoderOption } from '../flags/common-flags.ts';
import { addShardFlags } from '../flags/shard-flags.ts';
import { collect } from '../flags/parse-value.ts';

const EXAMPLES = `
Examples:
  $ selfsup embed photos/new --run runs/photos --out embeddings.npy
  $ selfsup embed a.jpg b.jpg --run runs/photos --out embeddings.csv
  $ find photos -name '*.jpg' | selfsup embed - --run runs/photos --out embeddings.parquet
  $ selfsup embed --text "What is an atom?" --run runs/text --out embeddings.csv
  $ selfsup embed --text "a red star" --run runs/pairs --encoder text --out embeddings.npy
  $ selfsup embed photos --run runs/photos --out all.npy --shard auto     # in each task of sbatch --array=0-15
  $ selfsup embed photos --run runs/photos --out all.npy --merge          # when all are done
  $ selfsup embed --data photos/ --run runs/photos --split test --out embeddings.npy
  $ python -c "import pandas; print(pandas.read_parquet('embeddings.parquet'))"`;

/** `selfsup embed`. */
export function embedCommand(context: CommandContext): Command {
  const command = addDataFlags(addRunFlags(new Command('embed')))
    .description('Write the features of samples: a row of numbers for each')
    .argument('[inputs...]', 'files and folders; - reads paths, or for encoders of text texts, from standard input, one on each line')
    .addOption(new Option('--text <text>', 'a text to embed; can be repeated').argParser(collect))
    .addOption(encoderOption())
    .requiredOption(
      '--out <file>',
      'the file to write: .npy (NumPy, float32 [samples, dim], with an .index.json beside it), .csv or .parquet (a row for each sample)',
    )
    .option('--split <name>', 'of --data: train, test or all (default: all, training samples first)');
  return addShardFlags(command, '--out')
    .addHelpText('after', EXAMPLES)
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<EmbedFlags>(self, context, async (flags, output) => (await import('../actions/run-embed.ts')).runEmbed(inputs, flags, output)),
    );
}

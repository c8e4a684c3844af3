import { Command, Option } from 'commander';
import type { PredictFlags } from '../actions/run-predict.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addRunFlags, documentsOption } from '../flags/common-flags.ts';
import { addShardFlags } from '../flags/shard-flags.ts';
import { collect, parseNumber } from '../flags/parse-value.ts';

const EXAMPLES = `
Examples:
  $ selfsup predict --run runs/photos --classifier few photos/new --out predictions.csv
  $ selfsup predict --run runs/photos --classifier few a.jpg b.jpg
  $ find photos -name '*.jpg' | selfsup predict --run runs/photos --classifier few - --out predictions.jsonl
  $ selfsup predict --run runs/text --classifier few --text "What is an atom?"
  $ selfsup predict --run runs/text --classifier few questions.txt --out predictions.csv
  $ selfsup predict --run runs/photos photos --out all.csv --shard 0/4    # and 1/4, 2/4, 3/4, elsewhere or later
  $ selfsup predict --run runs/photos --out all.csv --merge`;

/** `selfsup predict`. */
export function predictCommand(context: CommandContext): Command {
  const command = addRunFlags(new Command('predict'))
    .description('Classify photos or texts by a classifier that `selfsup fine-tune` made')
    .argument('[inputs...]', 'files and folders; - reads paths, or for encoders of text texts, from standard input, one on each line')
    .option('--classifier <name>', 'the name of the classifier, or its folder (default: the only one of the run)')
    .addOption(new Option('--text <text>', 'a text to classify; can be repeated').argParser(collect))
    .addOption(documentsOption())
    .option('--out <file>', 'the file to write: .csv or .jsonl (default: CSV on standard output)')
    .option('--threshold <x>', 'least probability of a prediction that holds, from 0 to 1 (default: that of the classifier)', parseNumber);
  return addShardFlags(command, '--out')
    .addHelpText('after', EXAMPLES)
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<PredictFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-predict.ts')).runPredict(inputs, flags, {
          output,
          write: (text) => void context.streams.stdout.write(text),
        }),
      ),
    );
}

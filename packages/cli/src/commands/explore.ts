import { Command, Option } from 'commander';
import type { DuplicatesFlags, OutliersFlags, SearchFlags, SelectFlags } from '../actions/explore-samples.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addDataFlags, addRunFlags, encoderOption } from '../flags/common-flags.ts';
import { addShardFlags } from '../flags/shard-flags.ts';
import { collect, parseNumber } from '../flags/parse-value.ts';

/** A command that works on all samples of some files or of data. */
function exploration(name: string): Command {
  return addDataFlags(addRunFlags(new Command(name)))
    .argument('[inputs...]', 'files and folders; - reads paths, or for encoders of text texts, from standard input, one on each line')
    .addOption(encoderOption())
    .option('--split <name>', 'of --data: train, test or all (default: all)')
    .option('--whitening', 'compare principal directions of the features, the strong ones made weaker')
    .option('--out <file>', 'write what was found: .csv or .jsonl')
    .option('--report <page.html>', 'write a page with pictures or texts');
}

const actions = () => import('../actions/explore-samples.ts');

/** `selfsup search`. */
export function searchCommand(context: CommandContext): Command {
  return addShardFlags(exploration('search'), '--build')
    .description('Find the photos or texts that are most like a photo or a text')
    .addOption(new Option('--query <file>', 'a photo, a folder, or a file of texts to look for; can be repeated').argParser(collect))
    .addOption(
      new Option(
        '--text <text>',
        'a text to look for, also in images where the run learned from images with texts; can be repeated',
      ).argParser(collect),
    )
    .option('--count <n>', 'how many to find for each (default: 10)', parseNumber)
    .option('--build <folder>', 'keep the features in a folder, to be searched again and again with --index')
    .option('--index <folder>', 'search in what --build kept; above 100,000 samples by a graph (npm install usearch)')
    .addHelpText(
      'after',
      `
Examples:
  $ selfsup search photos --run runs/photos --query x.jpg --report found.html
  $ selfsup search --data reviews.csv --run runs/text --text "it broke after a week"
  $ selfsup search photos --run runs/pairs --text "a dog on the beach" --report found.html
  $ selfsup search photos --run runs/photos --build index
  $ selfsup search --run runs/photos --index index --query x.jpg
  $ selfsup search photos --run runs/photos --build index --shard auto    # in each task of sbatch --array=0-15
  $ selfsup search --run runs/photos --build index --merge                # when all are done`,
    )
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<SearchFlags>(self, context, async (flags, output) => (await actions()).runSearch(inputs, flags, output)),
    );
}

/** `selfsup duplicates`. */
export function duplicatesCommand(context: CommandContext): Command {
  return exploration('duplicates')
    .description('Find groups of photos or texts that are the same, or nearly the same')
    .option('--threshold <x>', 'the least cosine of a pair, from -1 to 1 (default: chosen by altered copies of the samples)', parseNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ selfsup duplicates photos --run runs/photos --report duplicates.html
  $ selfsup duplicates photos --run runs/photos --threshold 0.95 --out duplicates.csv`,
    )
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<DuplicatesFlags>(self, context, async (flags, output) => (await actions()).runDuplicates(inputs, flags, output)),
    );
}

/** `selfsup outliers`. */
export function outliersCommand(context: CommandContext): Command {
  return exploration('outliers')
    .description('Rank photos or texts by how little they belong to the others')
    .option('--count <n>', 'how many to list (default: 100)', parseNumber)
    .option('--neighbors <n>', 'neighbors that each is compared with (default: 20)', parseNumber)
    .addHelpText(
      'after',
      `
Example:
  $ selfsup outliers photos --run runs/photos --count 50 --report outliers.html`,
    )
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<OutliersFlags>(self, context, async (flags, output) => (await actions()).runOutliers(inputs, flags, output)),
    );
}

/** `selfsup select`. */
export function selectCommand(context: CommandContext): Command {
  return exploration('select')
    .description('Choose a diverse part of photos or texts to label')
    .requiredOption('--count <n>', 'how many', parseNumber)
    .addOption(
      new Option(
        '--method <name>',
        'typicality: typical of different regions, best for the first labels; k-center: as different as can be (default: typicality)',
      ).choices(['typicality', 'k-center']),
    )
    .option('--seed <n>', 'where clusters start (default: 0)', parseNumber)
    .addHelpText(
      'after',
      `
Example:
  $ selfsup select photos --run runs/photos --count 100 --out to-label.csv --report to-label.html`,
    )
    .action((inputs: string[], _flags: unknown, self: Command) =>
      act<SelectFlags>(self, context, async (flags, output) => (await actions()).runSelect(inputs, flags, output)),
    );
}

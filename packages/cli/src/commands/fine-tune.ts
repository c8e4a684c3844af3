import { Command, Option } from 'commander';
import type { FineTuneFlags } from '../actions/run-fine-tune.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addColumnFlags, addLabelFlags, addRunFlags } from '../flags/common-flags.ts';
import { parseNumber, parseNumbers, parsePair } from '../flags/parse-value.ts';

const EXAMPLES = `
Examples:
  $ selfsup fine-tune --run runs/photos --data photos --labels labels.csv
  $ selfsup fine-tune --run runs/photos --label-counts 10-per-class --name few
  $ selfsup fine-tune --run runs/photos --data photos/train --test-data photos/test --curve
  $ selfsup fine-tune --run runs/text --data trec/train.txt --test-data trec/test.txt --method full --option pooling=mean
  $ selfsup predict --run runs/photos --classifier few photos/new`;

/** `selfsup fine-tune`. */
export function fineTuneCommand(context: CommandContext): Command {
  return addLabelFlags(addColumnFlags(addRunFlags(new Command('fine-tune'))))
    .description('Make a classifier of the encoder of a run and a few labels, and keep it for `selfsup predict`')
    .option('--data <source>', 'labeled samples to learn from (default: those of the run)')
    .option(
      '--test-data <source>',
      'labeled samples to be judged by (default: the test part, labels that are not used, or cross-validation)',
    )
    .option('--readout <name>', 'what the features are instead of what the run chose: global, or a readout of the encoder')
    .option(
      '--label-counts <list>',
      'how many labels: 10-per-class, 100 (of each class its share, at least one), or several such as 10,100,all to compare (default: all)',
    )
    .addOption(
      new Option(
        '--method <name>',
        'linear: a linear classifier on the features, best with few labels; full: train the encoder, too (default: linear)',
      ).choices(['linear', 'full']),
    )
    .option('--name <name>', 'what the classifier is called (default: by method and labels)')
    .option('--out <folder>', 'where it is kept (default: <run>/classifiers/<name>)')
    .option('--overwrite', 'replace the classifier of that name')
    .option('--threshold <x>', 'least probability of a prediction that holds, from 0 to 1 (default: 0, all hold)', parseNumber)
    .option('--baselines', 'compare with linear classifiers on raw input, the untrained encoder, and the start alone')
    .option('--scratch', 'compare with the same network trained from scratch')
    .option('--curve', 'short for --label-counts 10,100,1000,all --baselines --scratch')
    .option('--seeds <list>', 'the choice of labels, and where things are compared one training for each (default: 0; 0,1,2)', parseNumbers)
    .option('--l2 <x>', 'linear: the penalty on the weights (default: of ten the best by cross-validation)', parseNumber)
    .option('--epochs <n>', 'full: passes over the labels (default: 4 on text, 20 on images)', parseNumber)
    .option('--min-steps <n>', 'full: at least so many updates, in more passes where labels are few (default: 200)', parseNumber)
    .option('--batch-size <n>', 'full: samples in an update (default: 32)', parseNumber)
    .option(
      '--learning-rate <list>',
      'full: the highest rate (default: 0.0003 on text, 0.001 on images); of several, such as 1e-4,3e-4, the best on a held-out fifth of the labels, for each start by itself',
      parseNumbers,
    )
    .option('--scratch-learning-rate <list>', 'the same for the network from scratch (default: --learning-rate)', parseNumbers)
    .option('--mixup <alpha>', 'full, images: mix each with another one, shares from Beta(alpha, alpha), such as 0.2', parseNumber)
    .option(
      '--cutmix <alpha>',
      'full, images: put a box of another one into each, such as 1; with --mixup, one of both by chance in each update',
      parseNumber,
    )
    .addOption(
      new Option('--option <name=value>', 'full: an option of the kind of data, such as pooling=mean on text; can be repeated').argParser(
        parsePair,
      ),
    )
    .option('--report <file>', 'draw accuracy over labels into this HTML file')
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<FineTuneFlags>(self, context, async (flags, output) => (await import('../actions/run-fine-tune.ts')).runFineTune(flags, output)),
    );
}

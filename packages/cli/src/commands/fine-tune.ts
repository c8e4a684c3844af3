import { Command, Option } from 'commander';
import type { FineTuneFlags } from '../actions/run-fine-tune.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addColumnFlags, addRunFlags } from '../flags/common-flags.ts';
import { parseNumber, parseNumbers, parsePair } from '../flags/parse-value.ts';

const EXAMPLES = `
Examples:
  $ selfsup fine-tune --run runs/text --train sst2/train.tsv --test sst2/test.tsv
  $ selfsup fine-tune --run runs/photos --train photos/train --test photos/test --labels 100 --scratch
  $ selfsup fine-tune --run runs/text --train trec/train.txt --test trec/test.txt --curve --report curve.html
  $ selfsup fine-tune --run runs/text --train trec/train.txt --test trec/test.txt --labels 100 --scratch --learning-rate 1e-4,3e-4,1e-3`;

/** `selfsup fine-tune`. */
export function fineTuneCommand(context: CommandContext): Command {
  return addColumnFlags(addRunFlags(new Command('fine-tune')))
    .description('Train the encoder of a run further, together with a classifier, on labeled samples')
    .option('--train <source>', 'labeled samples to learn from (default: those of the run)')
    .option('--test <source>', 'labeled samples to be judged by (default: those of the run, or some of --train that are held out)')
    .option('--labels <counts>', 'how many labels, such as 100 or 10,100,all (default: all)')
    .option('--scratch', 'compare with the same network from scratch')
    .option('--curve', 'short for --labels 10,100,1000,all --scratch')
    .option('--seeds <list>', 'one training for each, on labels of its own (default: 0,1,2)', parseNumbers)
    .option('--epochs <n>', 'passes over the labels (default: 4 on text, 20 on images)', parseNumber)
    .option('--min-steps <n>', 'at least so many updates, in more passes where labels are few (default: 200)', parseNumber)
    .option('--batch-size <n>', 'samples in an update (default: 32)', parseNumber)
    .option(
      '--learning-rate <list>',
      'the highest rate (default: 0.0003 on text, 0.001 on images); of several, such as 1e-4,3e-4, the best on a held-out fifth of the labels, for each start by itself',
      parseNumbers,
    )
    .option('--scratch-learning-rate <list>', 'the same for the network from scratch (default: --learning-rate)', parseNumbers)
    .addOption(
      new Option('--option <name=value>', 'an option of the kind of data, such as pooling=mean on text; can be repeated').argParser(
        parsePair,
      ),
    )
    .option('--report <file>', 'draw accuracy over labels into this HTML file')
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<FineTuneFlags>(self, context, async (flags, output) => (await import('../actions/run-fine-tune.ts')).runFineTune(flags, output)),
    );
}

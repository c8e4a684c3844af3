import { Command, Option } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { FineTuneFlags } from './run-fine-tune.ts';

const EXAMPLES = `
Examples:
  $ selfsup fine-tune --run runs/text --train sst2/train.tsv --test sst2/test.tsv
  $ selfsup fine-tune --run runs/text --train questions.csv --test held-out.csv --labels 100 --scratch --seeds 0,1,2
  $ selfsup fine-tune --run runs/text --train trec/train.txt --test trec/test.txt --curve --json
  $ selfsup fine-tune --run runs/text --train trec/train.txt --test trec/test.txt --labels 100 --scratch --learning-rate 1e-4,3e-4,1e-3`;

/** `selfsup fine-tune`. */
export function fineTuneCommand(): Command {
  return new Command('fine-tune')
    .description('Train the encoder of a run on text further, to classify labeled texts')
    .addOption(new Option('--run <folder>', 'the folder of the run').makeOptionMandatory())
    .addOption(new Option('--train <file>', 'labeled texts to learn from: .tsv, .csv, .jsonl, or TREC').makeOptionMandatory())
    .addOption(new Option('--test <file>', 'labeled texts to be judged by').makeOptionMandatory())
    .option('--labels <counts>', 'how many labels, such as 100 or 10,100,all (default: all)')
    .option('--scratch', 'compare with the same network from scratch')
    .option('--curve', 'short for --labels 10,100,1000,all --scratch')
    .option('--seeds <list>', 'one training for each, on labels of its own (default: 0,1,2)')
    .option('--epochs <n>', 'passes over the labels (default: 4)', parseNumber)
    .option('--min-steps <n>', 'at least so many updates, in more passes where labels are few (default: 200)', parseNumber)
    .option('--batch-size <n>', 'texts in an update (default: 32)', parseNumber)
    .option(
      '--learning-rate <list>',
      'the highest rate (default: 0.0003); of several, such as 1e-4,3e-4,1e-3, the best on a held-out fifth of the labels, for each start by itself',
    )
    .option('--scratch-learning-rate <list>', 'the same for the network from scratch (default: --learning-rate)')
    .addOption(new Option('--pooling <how>', 'what stands for a text (default: first, the state of [CLS])').choices(['first', 'mean']))
    .option('--report <file>', 'draw accuracy over labels into this HTML file')
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const { json, ...flags } = self.optsWithGlobals<CommonFlags & FineTuneFlags>();
      const [{ runFineTune }, { openTextRun: open }] = await Promise.all([
        import('./run-fine-tune.ts'),
        import('../text/open-text-run.ts'),
      ]);
      await exitWith(runFineTune(flags, { output: createOutput({ json }), open }));
    });
}

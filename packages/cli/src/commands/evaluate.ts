import { Command } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { EvaluateKnnFlags } from './run-evaluate-knn.ts';

const EXAMPLES = `
Examples:
  $ selfsup evaluate knn --run runs/shapes
  $ selfsup evaluate knn --run runs/fashion --data t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --k 20 --json`;

function knnCommand(): Command {
  return new Command('knn')
    .description('Classify test images by the votes of the nearest training images, weighted by similarity')
    .requiredOption('--run <folder>', 'the folder of the run')
    .option('--data <source>', 'other images than those of the run')
    .option('--labels <file>', 'an IDX file with the labels of the training images, for data that has none')
    .option('--limit <n>', 'at most so many training images', parseNumber)
    .option('--test-limit <n>', 'at most so many test images', parseNumber)
    .option('--k <n>', 'neighbours that vote (default: 200)', parseNumber)
    .option('--temperature <x>', 'softmax scale of the votes (default: 0.1)', parseNumber)
    .option('--raw-pixels', 'also measure the pixels themselves')
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & EvaluateKnnFlags>();
      const { runEvaluateKnn } = await import('./run-evaluate-knn.ts');
      await exitWith(runEvaluateKnn(flags, createOutput(flags)));
    });
}

/** `selfsup evaluate`. */
export function evaluateCommand(): Command {
  return new Command('evaluate').description('Judge the encoder of a run').addCommand(knnCommand()).addHelpText('after', EXAMPLES);
}

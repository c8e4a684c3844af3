import { Command } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { EvaluateKnnFlags } from './run-evaluate-knn.ts';
import type { EvaluateLinearProbeFlags } from './run-evaluate-linear-probe.ts';

const KNN_EXAMPLES = `
  $ selfsup evaluate knn --run runs/shapes --baselines
  $ selfsup evaluate knn --run runs/fashion --data t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --k 20 --json`;
const PROBE_EXAMPLES = `
  $ selfsup evaluate linear-probe --run runs/shapes --baselines
  $ selfsup evaluate linear-probe --run runs/cifar --data data_batch_1.bin --l2 0.001 --json`;

/** A command that judges with labeled images, those of the run or others. */
function evaluation(name: string): Command {
  return new Command(name)
    .requiredOption('--run <folder>', 'the folder of the run')
    .option('--data <source>', 'other images than those of the run')
    .option('--labels <file>', 'an IDX file with the labels of the training images, for data that has none')
    .option('--limit <n>', 'at most so many training images', parseNumber)
    .option('--test-limit <n>', 'at most so many test images', parseNumber)
    .option('--baselines', 'also measure the pixels themselves and the encoder as it was before training')
    .option('--json', 'one JSON object per line on standard output')
    .addOption(backendOption());
}

function knnCommand(): Command {
  return evaluation('knn')
    .description('Classify test images by the votes of the nearest training images, weighted by similarity')
    .option('--k <n>', 'neighbors that vote (default: 200)', parseNumber)
    .option('--temperature <x>', 'softmax scale of the votes (default: 0.1)', parseNumber)
    .option('--raw-pixels', 'also measure the pixels themselves')
    .addHelpText('after', `\nExamples:${KNN_EXAMPLES}`)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & EvaluateKnnFlags>();
      const { runEvaluateKnn } = await import('./run-evaluate-knn.ts');
      await exitWith(runEvaluateKnn(flags, createOutput(flags)));
    });
}

function linearProbeCommand(): Command {
  return evaluation('linear-probe')
    .description('Classify test images by a linear classifier on the features of the training images; the encoder stays as it is')
    .option('--l2 <list>', 'penalties on the weights, such as 0.01 or 0.001,0.1; of several, a fifth of the training images decides')
    .option('--max-iterations <n>', 'at most so many steps of L-BFGS (default: 300)', parseNumber)
    .addHelpText('after', `\nExamples:${PROBE_EXAMPLES}`)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & EvaluateLinearProbeFlags>();
      const { runEvaluateLinearProbe } = await import('./run-evaluate-linear-probe.ts');
      await exitWith(runEvaluateLinearProbe(flags, createOutput(flags)));
    });
}

/** `selfsup evaluate`. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Judge the encoder of a run')
    .addCommand(knnCommand())
    .addCommand(linearProbeCommand())
    .addHelpText('after', `\nExamples:${KNN_EXAMPLES}${PROBE_EXAMPLES}`);
}

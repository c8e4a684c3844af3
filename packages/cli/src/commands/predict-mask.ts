import { Command, Option } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { PredictMaskFlags } from './run-predict-mask.ts';

const EXAMPLES = `
Example:
  $ selfsup predict-mask "Paris is the [MASK] of France." --run runs/masked-language-corpus-bert-tiny`;

/** `selfsup predict-mask`. */
export function predictMaskCommand(): Command {
  return new Command('predict-mask')
    .description('Say which words a masked-language run expects at the [MASK]s of a text')
    .argument('<text>', 'a text with at least one [MASK]')
    .addHelpText('after', EXAMPLES)
    .addOption(new Option('--run <folder>', 'the folder of the run').makeOptionMandatory())
    .addOption(new Option('--top <n>', 'how many words for each mask (default: 5)').argParser(parseNumber))
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .action(async (text: string, _flags, self: Command) => {
      const { json, ...flags } = self.optsWithGlobals<CommonFlags & PredictMaskFlags>();
      const { runPredictMask } = await import('./run-predict-mask.ts');
      await exitWith(runPredictMask(text, flags, createOutput({ json })));
    });
}

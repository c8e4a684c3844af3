import { Command } from 'commander';
import type { PredictMaskFlags } from '../actions/run-predict-mask.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addRunFlags } from '../flags/common-flags.ts';
import { parseNumber } from '../flags/parse-value.ts';

const EXAMPLES = `
Example:
  $ selfsup predict-mask "Paris is the [MASK] of France." --run runs/masked-language-corpus-bert-tiny`;

/** `selfsup predict-mask`. */
export function predictMaskCommand(context: CommandContext): Command {
  return addRunFlags(new Command('predict-mask'))
    .description('Say which words a masked-language run expects at the [MASK]s of a text')
    .argument('<text>', 'a text with at least one [MASK]')
    .option('--top <n>', 'how many words for each mask (default: 5)', parseNumber)
    .addHelpText('after', EXAMPLES)
    .action((text: string, _flags: unknown, self: Command) =>
      act<PredictMaskFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-predict-mask.ts')).runPredictMask(text, flags, output),
      ),
    );
}

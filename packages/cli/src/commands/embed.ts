import { Command } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { EmbedFlags } from './run-embed.ts';

const EXAMPLES = `
Example:
  $ selfsup embed --run runs/shapes --data photos/ --out embeddings.npy
  $ python -c "import numpy; print(numpy.load('embeddings.npy').shape)"`;

/** `selfsup embed`. */
export function embedCommand(): Command {
  return new Command('embed')
    .description('Write the features of images as a NumPy array')
    .requiredOption('--run <folder>', 'the folder of the run')
    .requiredOption('--out <file>', 'the .npy file to write, float32 [images, dim]')
    .option('--data <source>', 'other images than those of the run')
    .option('--split <name>', 'train, test or all (default: all, training images first)')
    .option('--limit <n>', 'at most so many training images', parseNumber)
    .option('--test-limit <n>', 'at most so many test images', parseNumber)
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & EmbedFlags>();
      const { runEmbed } = await import('./run-embed.ts');
      await exitWith(runEmbed(flags, createOutput(flags)));
    });
}

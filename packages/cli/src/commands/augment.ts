import { Command } from 'commander';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';
import type { AugmentFlags } from './run-augment.ts';

const EXAMPLES = `
Example:
  $ selfsup augment --recipe byol --data photos/ --out views.png
  $ selfsup augment --recipe dino --variant lightly --data photos/ --image-size 96 --images 4 --out views.png`;

/** `selfsup augment`. */
export function augmentCommand(): Command {
  return new Command('augment')
    .description('Draw images and the views that a recipe makes of them')
    .requiredOption('--recipe <name>', 'whose views, such as simclr, byol or dino')
    .requiredOption('--data <source>', 'a folder of photos, a data file, or shapes')
    .requiredOption('--out <file>', 'the .png file to write: a row for each image, the image first')
    .option('--variant <name>', "the recipe's variant (default: cifar for images of up to 32 pixels, else imagenet)")
    .option('--images <n>', 'how many images (default: 8)', parseNumber)
    .option('--image-size <pixels>', 'the side of the images', parseNumber)
    .option('--seed <n>', 'of the views (default: 0)', parseNumber)
    .addOption(backendOption())
    .option('--json', 'one JSON object per line on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<CommonFlags & AugmentFlags>();
      const { runAugment } = await import('./run-augment.ts');
      await exitWith(runAugment(flags, createOutput(flags)));
    });
}

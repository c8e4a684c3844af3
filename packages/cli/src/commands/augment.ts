import { Command } from 'commander';
import type { AugmentFlags } from '../actions/run-augment.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addBackendFlags, jsonOption } from '../flags/common-flags.ts';
import { parseAny, parseNames, parseNumber } from '../flags/parse-value.ts';

const EXAMPLES = `
Examples:
  $ selfsup augment --recipe byol --data photos/ --out views.png
  $ selfsup augment --recipe dino --variant lightly --data photos/ --image-size 96 --images 4 --out views.png
  $ selfsup augment --operations rotation,perspective,erasing --data photos/ --out operations.png`;

/** `selfsup augment`. */
export function augmentCommand(context: CommandContext): Command {
  return addBackendFlags(new Command('augment'))
    .description('Draw images and the views that a recipe or single operations make of them')
    .option('--recipe <name>', 'whose views, such as simclr, byol or dino')
    .option(
      '--operations <names>',
      'instead: single operations, each by itself, such as rotation,perspective,erasing; all names with --operations list',
      parseNames,
    )
    .requiredOption('--data <source>', 'a folder of photos, a data file, or shapes')
    .requiredOption('--out <file>', 'the .png file to write: a row for each image, the image first')
    .option('--variant <name>', "the recipe's variant (default: cifar for images of up to 32 pixels, else imagenet)")
    .option('--images <n>', 'how many images (default: 8)', parseNumber)
    .option('--image-size <pixels>', 'the side of the images, or height and width such as 96x128', parseAny)
    .option('--seed <n>', 'of the views (default: 0)', parseNumber)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<AugmentFlags>(self, context, async (flags, output) => (await import('../actions/run-augment.ts')).runAugment(flags, output)),
    );
}

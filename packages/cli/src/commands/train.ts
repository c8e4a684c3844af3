import { Command, Option } from 'commander';
import type { RunConfig } from '../options/define-run.ts';
import { parseNumber } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { encoders } from '../registry-encoders.ts';
import { tasks } from '../registry-tasks.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';

const EXAMPLES = `
Examples:
  $ selfsup train --task simclr --data shapes --encoder conv-net --epochs 10 --batch-size 128 --out runs/shapes
  $ selfsup train --data photos/ --image-size 64 --encoder resnet18 --epochs 100 --seed 1 --json > metrics.jsonl
  $ selfsup train --config selfsup.config.ts --epochs 20
  $ selfsup train --resume --out runs/shapes`;

type TrainFlags = CommonFlags & RunConfig & { config?: string };

/** `selfsup train`. */
export function trainCommand(): Command {
  const number = (flags: string, description: string) => new Option(flags, description).argParser(parseNumber);
  const options = [
    new Option('--task <name>', `what to learn from: ${tasks.names.join(', ')} (default: simclr)`),
    new Option('--data <source>', 'shapes (made up, no download), a folder of photos, or a folder or file in IDX or CIFAR-10 format'),
    new Option('--encoder <name>', `${encoders.names.join(', ')} (default: conv-net)`),
    number('--epochs <n>', 'passes over the data (default: 10)'),
    number('--batch-size <n>', 'images per update (default: 128)'),
    number('--seed <n>', 'the seed of everything random (default: 0)'),
    new Option('--out <folder>', 'the folder of the run (default: runs/<task>-<data>-<encoder>)'),
    new Option('--resume', 'continue the run in --out from its checkpoint'),
    new Option('--overwrite', 'replace the run in --out'),
    new Option('--config <file>', 'a selfsup.config.ts with defineRun({ … }); flags override it'),
    number('--limit <n>', 'at most so many training images'),
    number('--test-limit <n>', 'at most so many test images (default: a fifth of --limit)'),
    number('--test-fraction <x>', 'share of labelled images held out when a file has no test part (default: 0.2)'),
    number('--image-size <n>', 'side in pixels to which photos are resized (default: 64)'),
    number('--learning-rate <x>', 'the highest rate (default: 0.06 · batch size / 128)'),
    number('--momentum <x>', 'momentum of SGD (default: 0.9)'),
    number('--weight-decay <x>', 'weight decay of SGD (default: 0.0005)'),
    number('--warmup-epochs <n>', 'epochs of rising learning rate (default: 2)'),
    number('--temperature <x>', 'softmax scale of the loss (default: 0.2)'),
    number('--head-output <n>', 'columns of the projection head (default: 128)'),
    number('--max-seconds <x>', 'stop training after so many seconds'),
    number('--knn-every <epochs>', 'epochs between two kNN probes, 0 for none (default: a fifth of the run)'),
    number('--knn-k <n>', 'neighbours that vote (default: 200)'),
    number('--knn-temperature <x>', 'softmax scale of the votes (default: 0.1)'),
    number('--knn-bank <n>', 'at most so many training images vote (default: 10000)'),
    number('--checkpoint-every <n>', 'also write the checkpoint after so many updates (default: after each epoch)'),
    new Option('--no-report', 'write no report.html'),
    backendOption(),
  ];
  const command = new Command('train')
    .description('Pretrain an encoder on images without labels; labels only measure it')
    .addHelpText('after', EXAMPLES);
  for (const option of options) command.addOption(option);
  return command.option('--json', 'one JSON object per line on standard output').action(async (_flags, self: Command) => {
    const flags = self.optsWithGlobals<TrainFlags>();
    const { json, config, report, ...rest } = flags;
    delete (rest as CommonFlags).verbose;
    const given: RunConfig = report === false ? { ...rest, report } : rest; // commander gives true where the flag is absent
    const { runTrain } = await import('./run-train.ts');
    await exitWith(runTrain(given, { configFile: config, output: createOutput({ json }) }));
  });
}

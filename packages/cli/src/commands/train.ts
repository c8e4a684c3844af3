import { Command, Option } from 'commander';
import type { RunConfig } from '../options/define-run.ts';
import { parseNumber, parseRange } from '../options/parse-number.ts';
import { createOutput } from '../output/create-output.ts';
import { encoders } from '../registry-encoders.ts';
import { tasks } from '../registry-tasks.ts';
import { recipeNames } from '../tasks/task-views.ts';
import { optimizerNames } from '../training/optimizers.ts';
import { textEncoders } from '../text/registry-text-encoders.ts';
import { textTasks } from '../text/registry-text-tasks.ts';
import { backendOption, exitWith, type CommonFlags } from './common-flags.ts';

const EXAMPLES = `
Examples:
  $ selfsup train --task simclr --data shapes --encoder conv-net --epochs 10 --batch-size 128 --out runs/shapes
  $ selfsup train --data photos/ --image-size 64 --encoder resnet18 --epochs 100 --seed 1 --json > metrics.jsonl
  $ selfsup train --task mae --data photos/ --image-size 64 --encoder vit-tiny --batch-size 256 --out runs/mae
  $ selfsup train --task frame-order --data videos/ --frame-stride 1-3 --batch-size 16 --out runs/videos
  $ selfsup train --task masked-language --data 'corpus/**/*.txt' --tokenizer vocab.txt --encoder bert-tiny --length 128
  $ selfsup train --config selfsup.config.ts --epochs 20
  $ selfsup train --resume --out runs/shapes`;

type TrainFlags = CommonFlags & RunConfig & { config?: string };

/** `selfsup train`. */
export function trainCommand(): Command {
  const number = (flags: string, description: string) => new Option(flags, description).argParser(parseNumber);
  const options = [
    new Option('--task <name>', `what to learn from: ${tasks.names.join(', ')} (default: simclr); on text ${textTasks.names.join(', ')}`),
    new Option(
      '--data <source>',
      'shapes (made up, no download), a folder of photos, or a folder or file in IDX or CIFAR-10 format; for frame-order a folder of videos, each a folder of frames; on text files, folders or a pattern',
    ),
    new Option(
      '--encoder <name>',
      `${encoders.names.join(', ')} (default: conv-net, or the first that fits the task); on text ${textEncoders.names.join(', ')} (default: bert-tiny)`,
    ),
    number('--epochs <n>', 'passes over the data (default: 10)'),
    number('--batch-size <n>', 'images or clips per update (default: 128), sequences of text per forward pass (default: 32)'),
    number('--seed <n>', 'the seed of everything random (default: 0)'),
    new Option('--out <folder>', 'the folder of the run (default: runs/<task>-<data>-<encoder>)'),
    new Option('--resume', 'continue the run in --out from its checkpoint'),
    new Option('--overwrite', 'replace the run in --out'),
    new Option('--config <file>', 'a selfsup.config.ts with defineRun({ … }); flags override it'),
    number('--limit <n>', 'at most so many training images or videos'),
    number('--test-limit <n>', 'at most so many test images (default: a fifth of --limit)'),
    number(
      '--test-fraction <x>',
      'share of labeled images held out when a file has no test part (default: 0.2), of documents (default: 0.05)',
    ),
    number('--image-size <n>', 'side in pixels to which photos are resized (default: 64)'),
    number('--clip-length <n>', 'videos: frames of a clip (default: 4)'),
    new Option('--frame-stride <n>', 'videos: from one frame of a clip to the next, or a range such as 1-3 (default: 1)').argParser(
      parseRange,
    ),
    new Option('--recipe <name>', `whose views, as name or name/variant: ${recipeNames.join(', ')} (default: the task's own)`),
    new Option('--optimizer <name>', `${optimizerNames.join(', ')} (default: adamw for a vit, lars for barlow-twins, else sgd)`),
    number(
      '--learning-rate <x>',
      'the highest rate (default: 0.06 · batch size / 128; adamw 0.001 · batch size / 256, lars 0.075 · √batch size)',
    ),
    number('--momentum <x>', 'momentum of sgd and lars, first beta of adamw (default: 0.9)'),
    number('--weight-decay <x>', 'weight decay (default: 0.0005; adamw 0.05, lars 1e-6)'),
    number('--warmup-epochs <n>', 'epochs of rising learning rate (default: 2)'),
    number('--temperature <x>', 'softmax scale of the loss (default: that of the task, 0.2 or 0.1)'),
    number('--head-output <n>', 'columns of the projection head (default: 128)'),
    new Option('--tokenizer <file>', 'text: a vocab.txt or tokenizer.json (default: a vocabulary is learned from the data)'),
    number('--vocabulary-size <n>', 'text: entries of a vocabulary that is learned (default: 8000)'),
    number('--length <n>', 'text: tokens of a sequence (default: 128)'),
    new Option(
      '--documents <rule>',
      'text: what separates documents: file, blank-line or chapter (default: file, or what cuts finer where files are too few)',
    ),
    new Option('--invalid-utf8 <what>', 'text: what becomes of bytes that are no UTF-8: error (default) or replace'),
    number('--accumulate <n>', 'text: forward passes per update (default: 1)'),
    number('--warmup-fraction <x>', 'text: share of the run with a rising learning rate (default: 0.1)'),
    number('--clip-norm <x>', 'text: norm to which gradients are clipped (default: 1)'),
    new Option('--adam-variant <name>', 'text: bert (no bias correction, default) or standard'),
    number('--mask-rate <x>', 'text: part of the tokens that is hidden (default: 0.15)'),
    new Option('--mask-rule <name>', 'text: counted (default) or bernoulli'),
    new Option('--mask-unit <name>', 'text: token (default), whole-word or span'),
    new Option('--next-sentence', 'text: pairs of segments, and telling whether the second follows'),
    number('--max-seconds <x>', 'stop training after so many seconds'),
    number(
      '--knn-every <epochs>',
      'epochs between two kNN probes or measurements on held-out text, 0 for none (default: a fifth of the run, on text 1)',
    ),
    number('--knn-k <n>', 'neighbors that vote (default: 200)'),
    number('--knn-temperature <x>', 'softmax scale of the votes (default: 0.1)'),
    number('--knn-bank <n>', 'at most so many training images vote (default: 10000)'),
    number('--checkpoint-every <n>', 'also write the checkpoint after so many updates (default: after each epoch)'),
    new Option('--no-report', 'write no report.html'),
    backendOption(),
  ];
  const command = new Command('train')
    .description('Pretrain an encoder on images or text without labels; labels only measure it')
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

import { Command, Option } from 'commander';
import type { ExportFlags } from '../actions/run-export.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addRunFlags, encoderOption } from '../flags/common-flags.ts';

const EXAMPLES = `
Examples:
  $ selfsup export --run runs/photos --out photos-onnx
  $ selfsup export --run runs/photos --format tfjs --out photos-tfjs
  $ selfsup export --run runs/text --format huggingface --out my-bert
  $ python -c "import transformers; transformers.BertForMaskedLM.from_pretrained('my-bert')"`;

/** `selfsup export`. */
export function exportCommand(context: CommandContext): Command {
  const command = new Command('export')
    .description('Write an encoder for another runtime or library, with a model card')
    .requiredOption('--out <folder>', 'the folder to write, new or empty')
    .option('--format <name>', 'onnx, tfjs (a graph model), huggingface or safetensors-timm: weights under their names (default: onnx)')
    .addOption(
      new Option('--precision <bits>', 'onnx: how weights are kept (default: fp32); refused where features change too much').choices([
        'fp32',
        'fp16',
        'int8',
      ]),
    )
    .option('--classifier <name>', 'onnx, tfjs: a classifier of the run goes along, see selfsup fine-tune')
    .option('--no-preprocessing', 'onnx, tfjs: leave the normalization of pixels to the caller')
    .addOption(encoderOption())
    .option('--readout <name>', 'what the features are instead of what the run chose: global, or a readout of the encoder')
    .addHelpText('after', EXAMPLES);
  return addRunFlags(command).action((_flags, self: Command) =>
    act<ExportFlags>(self, context, async (flags, output) => (await import('../actions/run-export.ts')).runExport(flags, output)),
  );
}

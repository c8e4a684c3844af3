import { Command } from 'commander';
import type { BuildTensorflowFlags } from '../actions/run-build-tensorflow.ts';
import type { BackendsFlags } from '../actions/run-backends.ts';
import type { CommandContext } from '../command-context.ts';
import { act, addSpeedFlags, jsonOption, pluginOption } from '../flags/common-flags.ts';

const EXAMPLES = `
Example:
  $ selfsup backends
  $ selfsup train --data photos --backend webgpu`;

/** `selfsup backends build-tensorflow`. */
function buildTensorflowCommand(context: CommandContext): Command {
  return new Command('build-tensorflow')
    .description('Compile the native part of @tensorflow/tfjs-node for a current TensorFlow, with fused operations of selfsup in it')
    .requiredOption(
      '--libtensorflow <folder>',
      'an unpacked TensorFlow: a Python wheel, its folder tensorflow, or a release of libtensorflow',
    )
    .option('--compiler <command>', 'the C++ compiler (default: $CXX, then c++, g++, clang++)')
    .option('--node-headers <folder>', 'the folder of node_api.h (default: beside Node, in node-api-headers, in /usr/include/node)')
    .option('--portable', 'for any processor of this kind, not for this one alone')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ npm install --ignore-scripts @tensorflow/tfjs-node node-api-headers
  $ pip download --no-deps tensorflow-cpu && unzip -q tensorflow_cpu-*.whl -d wheel
  $ selfsup backends build-tensorflow --libtensorflow wheel/tensorflow
  $ selfsup train --data shapes --backend tensorflow`,
    )
    .action((_flags: unknown, self: Command) =>
      act<BuildTensorflowFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-build-tensorflow.ts')).runBuildTensorflow(flags, output),
      ),
    );
}

/** `selfsup backends`. */
export function backendsCommand(context: CommandContext): Command {
  return addSpeedFlags(new Command('backends').addOption(pluginOption()))
    .description('Show what can compute here, how fast, and what is missing for the rest')
    .addOption(jsonOption())
    .addCommand(buildTensorflowCommand(context))
    .addHelpText('after', EXAMPLES)
    .action((_flags, self: Command) =>
      act<BackendsFlags>(self, context, async (flags, output) => (await import('../actions/run-backends.ts')).runBackends(flags, output)),
    );
}

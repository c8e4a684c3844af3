import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { act, jsonOption, pluginOption } from '../flags/common-flags.ts';
import { firstLook } from '../flags/first-look.ts';
import { parseNumber, parsePair } from '../flags/parse-value.ts';
import { addRankFlags, checkRankFlags, type RankFlags } from '../flags/rank-flags.ts';
import { addFlags, givenBy } from '../flags/schema-flags.ts';
import { flagNamesOf, ownerOf, trainFlags } from '../flags/train-flags.ts';
import { prepareRun } from '../plugins/prepare-run.ts';
import { trainHelp } from './train-help.ts';

interface OwnFlags extends RankFlags {
  readonly data?: string;
  readonly out?: string;
  readonly init?: string;
  readonly teacher?: string;
  readonly minutes?: number;
  readonly report?: boolean;
  readonly verbose?: boolean;
  readonly taskOption?: Readonly<Record<string, unknown>>;
  readonly encoderOption?: Readonly<Record<string, unknown>>;
  readonly readoutOption?: Readonly<Record<string, unknown>>;
}

const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * `selfsup train`, with the flags of the task and the modality that the command line is about.
 *
 * @param argv the command line
 * @param context what is shared with the program
 */
export async function trainCommand(argv: readonly string[], context: CommandContext): Promise<Command> {
  const look = firstLook(argv);
  const prepared = await prepareRun(look, process.cwd());
  const { config } = prepared;
  const flags = trainFlags(prepared);
  context.flagNames = flagNamesOf(flags);
  context.ownerOf = (flag) => ownerOf(flag, prepared);
  const taught = prepared.registry.tasks.all.filter(({ teacher }) => teacher).map(({ name }) => name);
  const command = new Command('train')
    .description('Pretrain an encoder on data without labels; labels, where there are any, only measure it, except in the task sup-con')
    .option(
      '--task <name>',
      'what to learn: a task of the list below, a file such as ./my-task.ts, or an installed package (default: what fits the data, such as simclr for pictures)',
    )
    .option('--data <source>', 'what to learn from: shapes (made up, no download), files, a folder, or a pattern')
    .option('--encoder <name>', 'an encoder of the list below, a file, or a package (default: the first that fits the task)')
    .option('--out <folder>', 'the folder of the run (default: runs/<task>-<data>-<encoder>, with --minutes runs/<data>-<n>-minutes)')
    .option(
      '--init <source>',
      'start from an existing encoder: of a run (its folder), a file or folder of weights (timm, torchvision, Hugging Face, PyTorch), or hf:owner/name; its statistics and its tokenizer come along',
    )
    .option('--teacher <source>', `the trained encoder that a task learns from, of ${taught.join(' or ')} (given as that of --init)`)
    .addOption(
      new Option(
        '--minutes <n>',
        'how long it may take, evaluation included: what is not given is chosen for the data and the time, and written to selfsup.config.json',
      ).argParser(parseNumber),
    )
    .option('--config <file>', 'a selfsup.config.ts with defineRun({ … }); flags override it')
    .addOption(pluginOption())
    .addOption(new Option('--task-option <name=value>', 'an option of the task, as JSON or text; can be repeated').argParser(parsePair))
    .addOption(
      new Option('--encoder-option <name=value>', 'an option of the encoder, such as widths=[16,32]; can be repeated').argParser(parsePair),
    )
    .addOption(
      new Option('--readout-option <name=value>', 'an option of the readout, such as power=1; can be repeated').argParser(parsePair),
    )
    .option('--no-report', 'write no report.html')
    .addOption(new Option('--report').hideHelp())
    .addOption(jsonOption())
    .addHelpText('after', trainHelp(prepared, flags.hidden));
  addRankFlags(command);
  addFlags(command, flags.run);
  addFlags(command, flags.task);
  return command.action((_flags, self: Command) =>
    act<OwnFlags>(self, context, async (own, output) => {
      const { data, out, report, init, teacher, minutes } = own;
      checkRankFlags(own);
      const { checkBatch, codeBeforeBegin, launchRanks, mustLaunch } = await import('../actions/launch-ranks.ts');
      const given = { ...defined({ data, out, report, init, teacher, minutes }), ...givenBy(self, flags.run) };
      if (mustLaunch(own)) {
        checkBatch({ ...config, ...given }, own);
        return launchRanks({ argv, flags: own, output });
      }
      const taskOptions = { ...config.taskOptions, ...givenBy(self, flags.task), ...own.taskOption };
      const encoderOptions = { ...config.encoderOptions, ...own.encoderOption };
      const readoutOptions = { ...config.readoutOptions, ...own.readoutOption };
      const { runTrain } = await import('../actions/run-train.ts');
      let hasBegun = false;
      const running = runTrain(
        {
          ...config,
          ...given,
          ...(Object.keys(taskOptions).length > 0 && { taskOptions }),
          ...(Object.keys(encoderOptions).length > 0 && { encoderOptions }),
          ...(Object.keys(readoutOptions).length > 0 && { readoutOptions }),
        },
        { registry: prepared.registry, output, verbose: own.verbose ?? false, ranks: own, onBegin: () => (hasBegun = true) },
      );
      return running.catch((error: unknown) => {
        if (!hasBegun) context.failure = codeBeforeBegin(error);
        throw error;
      });
    }),
  );
}

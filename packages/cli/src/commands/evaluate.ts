import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { act, addDataFlags, addLabelFlags, addRunFlags } from '../flags/common-flags.ts';
import { collect, parseNumber, parseNumbers } from '../flags/parse-value.ts';
import type {
  EvaluateAttentiveProbeFlags,
  EvaluateClusteringFlags,
  EvaluateKnnFlags,
  EvaluateLinearProbeFlags,
  EvaluateRetrievalFlags,
  EvaluateSegmentationFlags,
} from '../actions/run-evaluate.ts';
import type { EvaluateCrossRetrievalFlags, EvaluateZeroShotFlags } from '../actions/run-evaluate-pairs.ts';

const KNN_EXAMPLES = `
  $ selfsup evaluate knn --run runs/shapes --baselines
  $ selfsup evaluate knn --run runs/fashion --data t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --k 20 --json`;
const PROBE_EXAMPLES = `
  $ selfsup evaluate linear-probe --run runs/shapes --baselines
  $ selfsup evaluate linear-probe --run runs/text --data trec/train.txt --test-data trec/test.txt --l2 0.001,0.01`;

const PAIR_EXAMPLES = `
  $ selfsup evaluate zero-shot --run runs/pairs --data photos/ --template "a photo of a {}"
  $ selfsup evaluate cross-retrieval --run runs/pairs --data others.csv --baselines`;
const ATTENTIVE_EXAMPLES = `
  $ selfsup evaluate attentive-probe --run runs/mae --baselines`;
const SEGMENTATION_EXAMPLES = `
  $ selfsup evaluate segmentation --run runs/shapes --layer layer2 --baselines`;

/** A command that judges with labeled samples, those of the run or others. */
function evaluation(name: string): Command {
  return addLabelFlags(addDataFlags(addRunFlags(new Command(name))))
    .option('--test-data <source>', 'samples to be judged by, where they lie elsewhere')
    .option(
      '--baselines',
      'also judge the raw input, such as pixels, the encoder as it was before training, and a start from the data alone',
    );
}

const knn = (context: CommandContext) =>
  evaluation('knn')
    .description('Classify test samples by the votes of the nearest training samples, weighted by similarity')
    .option('--k <n>', 'neighbors that vote (default: those of the run)', parseNumber)
    .option('--whitening', 'compare principal directions of the features, the strong ones made weaker (default: as the run)')
    .option('--temperature <x>', 'softmax scale of the votes (default: that of the run)', parseNumber)
    .addHelpText('after', `\nExamples:${KNN_EXAMPLES}`)
    .action((_flags, self: Command) =>
      act<EvaluateKnnFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateKnn(flags, output),
      ),
    );

const linearProbe = (context: CommandContext) =>
  evaluation('linear-probe')
    .description('Classify test samples by a linear classifier on the features of the training samples; the encoder stays as it is')
    .option('--l2 <list>', 'penalties on the weights, such as 0.001,0.1; of several, a fifth of the training samples decides', parseNumbers)
    .option('--max-iterations <n>', 'at most so many steps of L-BFGS (default: 300)', parseNumber)
    .addHelpText('after', `\nExamples:${PROBE_EXAMPLES}`)
    .action((_flags, self: Command) =>
      act<EvaluateLinearProbeFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateLinearProbe(flags, output),
      ),
    );

const zeroShot = (context: CommandContext) =>
  evaluation('zero-shot')
    .description('Classify images by the names of their classes alone, by encoders that learned from images with texts')
    .addOption(
      new Option('--template <text>', 'a text with {} for the name of a class; several are averaged; can be repeated (default: those of the run)').argParser(collect), // prettier-ignore
    )
    .addHelpText('after', `\nExamples:${PAIR_EXAMPLES}`)
    .action((_flags, self: Command) =>
      act<EvaluateZeroShotFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate-pairs.ts')).runEvaluateZeroShot(flags, output),
      ),
    );

const crossRetrieval = (context: CommandContext) =>
  evaluation('cross-retrieval')
    .description('Search images by their texts and texts by their images: recall at 1, 5 and 10')
    .option('--pairs <n>', 'at most so many pairs, since recall depends on it (default: 1000)', parseNumber)
    .addHelpText('after', `\nExamples:${PAIR_EXAMPLES}`)
    .action((_flags, self: Command) =>
      act<EvaluateCrossRetrievalFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate-pairs.ts')).runEvaluateCrossRetrieval(flags, output),
      ),
    );

const retrieval = (context: CommandContext) =>
  evaluation('retrieval')
    .description('Search the training samples for each test sample: recall among the first, and the mean average precision')
    .option('--ks <list>', 'how many of the most similar samples are looked at, such as 1,10 (default: 1,5,10)', parseNumbers)
    .action((_flags, self: Command) =>
      act<EvaluateRetrievalFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateRetrieval(flags, output),
      ),
    );

const clustering = (context: CommandContext) =>
  evaluation('clustering')
    .description('Divide the test samples into clusters, and compare them with the classes')
    .option('--clusters <n>', 'how many (default: as many as there are classes)', parseNumber)
    .action((_flags, self: Command) =>
      act<EvaluateClusteringFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateClustering(flags, output),
      ),
    );

const attentiveProbe = (context: CommandContext) =>
  evaluation('attentive-probe')
    .description('Classify test images by attention over the places of a map of the encoder; the encoder stays as it is')
    .option('--layer <name>', 'whose map is read (default: the last one)')
    .option('--heads <n>', 'heads of the attention (default: 1)', parseNumber)
    .option('--epochs <n>', 'passes over the training images (default: 30)', parseNumber)
    .addHelpText('after', `\nExamples:${ATTENTIVE_EXAMPLES}`)
    .action((_flags, self: Command) => {
      context.flagNames = new Map([['numHeads', '--heads']]);
      return act<EvaluateAttentiveProbeFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateAttentiveProbe(flags, output),
      );
    });

const segmentation = (context: CommandContext) =>
  addRunFlags(new Command('segmentation'))
    .description('Say which shape each pixel of procedural images belongs to, by a linear classifier on a map of the encoder')
    .option('--layer <name>', 'whose map is read (default: the last one)')
    .option('--train-images <n>', 'images to learn from (default: 500)', parseNumber)
    .option('--test-images <n>', 'images to be judged by (default: 200)', parseNumber)
    .option('--baselines', 'also judge the encoder as it was before training')
    .addHelpText('after', `\nExamples:${SEGMENTATION_EXAMPLES}`)
    .action((_flags, self: Command) =>
      act<EvaluateSegmentationFlags>(self, context, async (flags, output) =>
        (await import('../actions/run-evaluate.ts')).runEvaluateSegmentation(flags, output),
      ),
    );

const NAMES = 'knn, linear-probe, retrieval, clustering, attentive-probe, segmentation, zero-shot or cross-retrieval';

/** `selfsup evaluate`. */
export function evaluateCommand(context: CommandContext): Command {
  return new Command('evaluate')
    .description('Judge the encoder of a run')
    .argument('[probe]', NAMES)
    .allowUnknownOption()
    .allowExcessArguments()
    .addCommand(knn(context))
    .addCommand(linearProbe(context))
    .addCommand(retrieval(context))
    .addCommand(clustering(context))
    .addCommand(attentiveProbe(context))
    .addCommand(segmentation(context))
    .addCommand(zeroShot(context))
    .addCommand(crossRetrieval(context))
    .addHelpText('after', `\nExamples:${KNN_EXAMPLES}${PROBE_EXAMPLES}${PAIR_EXAMPLES}`)
    .action(async (probe?: string) => {
      const { printable, SelfsupError } = await import('@selfsup/core');
      const got = probe === undefined || probe.startsWith('-') ? '' : `, got '${printable(probe)}'`;
      throw new SelfsupError('SELFSUP_OPTION', `choose ${NAMES}${got}; such as: selfsup evaluate knn --run runs/shapes`);
    });
}

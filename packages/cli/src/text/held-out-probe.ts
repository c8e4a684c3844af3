import type { Output } from '../output/output.ts';
import type { RunFolder } from '../run-folder.ts';
import type { SessionProbe } from '../training/train-session.ts';
import type { TextRun } from './create-text-run.ts';
import { measureHeldOut } from './held-out.ts';
import type { OpenedText } from './open-text.ts';
import { textTasks } from './registry-text-tasks.ts';
import type { TextSettings } from './text-settings.ts';
import { countUnigrams, entropyOf } from './unigram.ts';

/** What needs no context to be known about the held-out tokens, and the model before training; nats per token. */
export interface TextBaselines {
  readonly untrained: number;
  readonly unigramLoss: number;
  readonly unigramEntropy: number;
  readonly tokens: number;
}

/** Measures a run on held-out text. */
export interface HeldOutProbe extends SessionProbe {
  readonly baselines: TextBaselines;
}

const named = ['heldOutLoss', 'unigramLoss', 'unigramEntropy', 'heldOutTokens'] as const;

/**
 * Measures the model before training and what the tokens' frequencies alone would reach; or reads both from an earlier session.
 *
 * @param run with the weights that it starts from
 * @param options the text, the settings, the folder, and where to report
 * @returns the probe; undefined without held-out text
 */
export async function createHeldOutProbe(
  run: TextRun,
  options: { text: OpenedText; settings: TextSettings; folder: RunFolder; output: Output },
): Promise<HeldOutProbe | undefined> {
  const { text, settings, folder, output } = options;
  const { validation, train, tokenizer } = text;
  if (!validation) return undefined;
  const { testLimit: limit, batchSize, seed, task } = settings;
  const measure = async (name: string) => {
    const stage = output.stage(name, { total: Math.min(limit, validation.length), unit: 'sequences' });
    const finding = await measureHeldOut(run.trainer.run, {
      dataset: validation,
      limit,
      batchSize,
      seed,
      tokenLoss: textTasks.get(task).tokenLoss,
      totalSteps: run.totalSteps,
      onProgress: (done) => {
        stage.update(done);
      },
    });
    stage.end();
    return finding;
  };
  const probe = (baselines: TextBaselines): HeldOutProbe => ({
    type: 'held-out',
    baselines,
    measure: async () => ({ heldOutLoss: (await measure('Measuring on held-out text')).loss }),
    describe: (values) => `held-out ${values['heldOutLoss']!.toFixed(4)} nats (unigram entropy ${baselines.unigramEntropy.toFixed(4)})`,
  });
  const earlier = folder.readMetrics().find(({ type, step }) => type === 'held-out' && step === 0);
  if (earlier && named.every((name) => typeof earlier[name] === 'number')) {
    const [untrained, unigramLoss, unigramEntropy, tokens] = named.map((name) => Number(earlier[name]));
    return probe({ untrained: untrained!, unigramLoss: unigramLoss!, unigramEntropy: unigramEntropy!, tokens: tokens! });
  }
  const { loss: untrained, labels, tokens } = await measure('Measuring on held-out text (untrained)');
  const unigram = await countUnigrams(train, { ignored: tokenizer.specialIds.filter((id) => id !== tokenizer.special.unknown) });
  const baselines = { untrained, unigramLoss: unigram.crossEntropy(labels), unigramEntropy: entropyOf(labels), tokens };
  const values = {
    heldOutLoss: untrained,
    unigramLoss: baselines.unigramLoss,
    unigramEntropy: baselines.unigramEntropy,
    heldOutTokens: tokens,
  };
  folder.appendMetrics({ type: 'held-out', step: 0, epoch: 0, seconds: 0, ...values });
  output.event('metrics', { epoch: 0, step: 0, ...values });
  output.line(
    `${tokens} held-out tokens: untrained ${untrained.toFixed(4)} nats, by their frequencies in the training text ${baselines.unigramLoss.toFixed(4)}, their own unigram entropy ${baselines.unigramEntropy.toFixed(4)}`,
  );
  return probe(baselines);
}

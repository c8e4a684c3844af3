import { SelfsupError } from '@selfsup/core';
import type { Comparison, Measures, Probe } from '../probe.ts';
import type { ProbeContext } from '../modality.ts';
import { measureHeldOut, type HeldOutFinding, type HeldOutOptions } from './held-out.ts';
import { measureDetection, type DetectionFinding } from './measure-detection.ts';
import type { TextOptions } from './text-options.ts';
import type { TextRunData } from './text-run-data.ts';
import { textFacts } from './text-task.ts';
import { countUnigrams, entropyOf } from './unigram.ts';

/** The part of the detection loss by words alone that a model must be below it to be known to use the context. */
const DETECTION_PLATEAU = 0.2;

/** Sequences of a forward pass; masks are drawn for each, so that the number must not change when a run goes on with another batch. */
const TOGETHER = 32;

/** Nats below the unigram entropy from which on a model is known to use the context. */
const PLATEAU = 0.3;

const named = (measures: Measures, name: string): number => {
  const value = measures[name];
  if (value !== undefined) return value;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the measurement on held-out text has no \`${name}\`; restore metrics.jsonl, or train again`,
  );
};

const compare = (trained: Measures, baselines: Measures, { start }: { start: string }): readonly Comparison[] => [
  {
    title: 'held-out loss',
    unit: 'nats',
    better: 'lower',
    trained: named(trained, 'heldOutLoss'),
    baselines: {
      [start]: named(baselines, 'untrained'),
      'word frequencies of the training text': named(baselines, 'unigramLoss'),
      'the unigram entropy': named(baselines, 'unigramEntropy'),
    },
    margin: PLATEAU,
    advice:
      `Below ${PLATEAU} nats of difference to the unigram entropy pretraining has not left word frequencies: the encoder knows little of the context, and ` +
      'fine-tuning it may be worse than training from scratch. Train longer, on more text, or with a larger learning rate',
  },
];

/** The probe of a task that tells replaced tokens from original ones: word frequencies say nothing about that, the share of replacements does. */
const detectionProbe = (measure: (name: string) => Promise<DetectionFinding>, { start }: { start: string }): Probe => ({
  name: 'detection',
  async baselines() {
    const { loss, tokens } = await measure('Measuring on held-out text (untrained)');
    return { untrained: loss, heldOutTokens: tokens };
  },
  async measure() {
    const { loss, wordLoss, replacedShare } = await measure('Measuring on held-out text');
    return { detectionLoss: loss, wordLoss, replacedShare };
  },
  describe: (measures) =>
    `detection of replaced tokens ${(measures['detectionLoss'] ?? named(measures, 'untrained')).toFixed(4)} nats` +
    (measures['wordLoss'] === undefined ? '' : ` (by how often each word is replaced ${measures['wordLoss'].toFixed(4)})`),
  compare: (trained, baselines) => [
    {
      title: 'held-out detection loss',
      unit: 'nats',
      better: 'lower',
      trained: named(trained, 'detectionLoss'),
      baselines: {
        [start]: named(baselines, 'untrained'),
        'how often each word is replaced': named(trained, 'wordLoss'),
      },
      margin: DETECTION_PLATEAU * named(trained, 'wordLoss'),
      advice:
        named(trained, 'replacedShare') < 0.005
          ? 'The generator guesses nearly every hidden token, so none is replaced and the encoder has nothing to detect: this text is too simple or too little for the task. Use more varied text, or masked-language'
          : 'So far the encoder knows which words are replaced often, but not which fit their context, and its features may be all alike. ' +
            'Train longer, on more text, or with a lower learning rate',
    },
  ],
});

/**
 * The probe of text: the loss of the predicted tokens on held-out text, beside that of the untrained model and what word frequencies alone would reach.
 *
 * @param context see {@link ProbeContext}
 * @returns the probe `held-out`: `heldOutLoss` and `unigramEntropy` in nats; its baselines are the loss `untrained`, `unigramLoss`, `unigramEntropy` and
 * `heldOutTokens`. Of a task with `detectionLoss` it is the probe `detection`: `detectionLoss`, `wordLoss` and `replacedShare`. None without held-out text, or of a task that predicts no
 * tokens.
 */
export function heldOutProbes(context: ProbeContext<TextRunData, TextOptions>): readonly Probe[] {
  const { data, settings, recipe, task, totalSteps, encoding, run } = context;
  const { train, test, tokenizer } = data;
  const { tokenLoss, detectionLoss, predictsTokens = true } = textFacts(recipe);
  if (!test || !predictsTokens) return [];
  const start = run.init ? 'the model at the start, with a fresh head' : 'the untrained model';
  const measureBy = async <F>(by: (run: typeof task, options: HeldOutOptions) => Promise<F>, name: string): Promise<F> => {
    const stage = encoding.progress.stage(name, { total: test.length, unit: 'sequences' });
    return by(task, {
      dataset: test.dataset,
      batchSize: TOGETHER,
      seed: settings.seed,
      tokenLoss: detectionLoss ?? tokenLoss,
      totalSteps,
      signal: encoding.signal,
      onProgress: (done) => {
        stage.update(done);
      },
    }).finally(() => {
      stage.end();
    });
  };
  if (detectionLoss !== undefined) return [detectionProbe((name) => measureBy(measureDetection, name), { start })];
  const measure = (name: string): Promise<HeldOutFinding> => measureBy(measureHeldOut, name);
  return [
    {
      name: 'held-out',
      async baselines() {
        const { loss, labels } = await measure('Measuring on held-out text (untrained)');
        const predicted = new Set(labels); // next-token also predicts the separator at the end
        const unigram = await countUnigrams(train.dataset, {
          ignored: tokenizer.specialIds.filter((id) => id !== tokenizer.special.unknown && !predicted.has(id)),
        });
        return {
          untrained: loss,
          unigramLoss: unigram.crossEntropy(labels),
          unigramEntropy: entropyOf(labels),
          heldOutTokens: labels.length,
        };
      },
      async measure() {
        const { loss, labels } = await measure('Measuring on held-out text');
        return { heldOutLoss: loss, unigramEntropy: entropyOf(labels) };
      },
      describe: (measures) =>
        `held-out ${(measures['heldOutLoss'] ?? named(measures, 'untrained')).toFixed(4)} nats (unigram entropy ${named(measures, 'unigramEntropy').toFixed(4)})`,
      compare: (trained, baselines) => compare(trained, baselines, { start }),
    },
  ];
}

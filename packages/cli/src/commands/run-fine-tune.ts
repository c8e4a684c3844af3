import { writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { openLabeledText } from '@selfsup/data/node';
import type { Tokenizer } from '@selfsup/data/text';
import { saveWeights } from '@selfsup/encoders';
import { formatLabelCurve } from '@selfsup/evaluate';
import { fineTuneText, type FineTuneTextOptions, type TextArm, type TextEncoder, type TextRateChoice } from '../fine-tune-text.ts';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { renderLabelCurve } from '../report/label-curve.ts';
import { runFolder, type FineTuneFile } from '../run-folder.ts';
import { isTextRun } from '../text/text-run-file.ts';
import { stopOnInterrupt } from '../training/stop-on-interrupt.ts';

/** The flags of `selfsup fine-tune`. */
export type FineTuneFlags = Pick<SessionOptions, 'backend'> &
  Pick<FineTuneTextOptions, 'epochs' | 'minSteps' | 'batchSize' | 'pooling'> & {
    run: string;
    train: string;
    test: string;
    labels?: string;
    scratch?: boolean;
    curve?: boolean;
    seeds?: string;
    learningRate?: string;
    scratchLearningRate?: string;
    report?: string;
  };

/** What is needed of a run on text. */
export interface OpenedTextEncoder {
  readonly file: { readonly settings: { readonly length: number } };
  readonly tokenizer: Tokenizer;
  /** Makes encoders of its kind, untrained. */
  readonly backbone: FineTuneTextOptions['encoderFactory'];
  /** The encoder as it was pretrained. */
  readonly encoder: TextEncoder;
  /** Updates that it has seen. */
  readonly step: number;
  dispose(): void;
}

/** Opens the encoder of a run; a backend must be in force. */
export type OpenTextEncoder = (path: string) => Promise<OpenedTextEncoder>;

function parseList(flag: string, text: string, least: number): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const bad = values.findIndex((value) => !Number.isSafeInteger(value) || value < least);
  if (bad >= 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${flag} must be integers >= ${least}, separated by commas${flag === '--labels' ? ', or all' : ''}, got '${text.split(',')[bad]!}'`,
    );
  return values;
}

/** `100`, or `10,100,all`. */
function parseCounts({ labels, curve }: FineTuneFlags): (number | 'all')[] {
  if (labels === undefined) return curve ? [10, 100, 1000, 'all'] : ['all'];
  return labels.split(',').map((part) => (part.trim() === 'all' ? 'all' : parseList('--labels', part, 1)[0]!));
}

/** `0.0003`, or `1e-4,3e-4`. */
function parseRates(flag: string, text: string | undefined): number[] | undefined {
  return text?.split(',').map((part) => {
    const value = part.trim() === '' ? NaN : Number(part);
    if (!(value > 0 && value < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `${flag} must be numbers > 0, separated by commas, got '${part}'`);
    return value;
  });
}

/** The file with the folder it lies in: `trec/train.txt`. */
function shortName(path: string): string {
  const full = resolve(path);
  return [basename(dirname(full)), basename(full)].filter((part) => part !== '').join('/');
}

/** Lines such as `pretrained, 100 labels: 0.001 (seeds 0, 2), 0.0003 (seed 1)`. */
function describeRates(choices: readonly TextRateChoice[]): string[] {
  const groups = new Map<string, Map<number, number[]>>();
  for (const { arm, count, seed, learningRate } of choices) {
    const name = `${arm}, ${count.toLocaleString('en-US')} labels`;
    const rates = groups.get(name) ?? new Map<number, number[]>();
    groups.set(name, rates.set(learningRate, [...(rates.get(learningRate) ?? []), seed]));
  }
  const list = (rates: Map<number, number[]>) =>
    [...rates].map(([rate, seeds]) => `${rate} (${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')})`).join(', ');
  return [...groups].map(([name, rates]) => `  ${name}: ${list(rates)}`);
}

/**
 * `selfsup fine-tune`: trains the encoder of a run on labeled texts, and on demand the same one from scratch, and judges both on others.
 *
 * @param flags see {@link FineTuneFlags}
 * @param context where to report, and how the encoder of the run is found
 * @returns the exit code: 0, or 130 after an interrupt
 * @remarks The run stays as it is; the findings are kept in its folder, in a `fine-tune-*.json` for each file of labeled texts, and its report shows them.
 */
export async function runFineTune(flags: FineTuneFlags, context: { output: Output; open: OpenTextEncoder }): Promise<number> {
  const { output, open } = context;
  const counts = parseCounts(flags);
  const seeds = parseList('--seeds', flags.seeds ?? '0,1,2', 0);
  const arms = flags.scratch || flags.curve ? (['pretrained', 'scratch'] as const) : (['pretrained'] as const);
  const learningRate = parseRates('--learning-rate', flags.learningRate);
  const scratchLearningRate = parseRates('--scratch-learning-rate', flags.scratchLearningRate);
  if (scratchLearningRate && arms.length === 1)
    throw new SelfsupError('SELFSUP_OPTION', '--scratch-learning-rate is for the network from scratch; add --scratch, or leave it out');
  if (flags.report !== undefined && counts.length < 2)
    throw new SelfsupError('SELFSUP_OPTION', '--report draws accuracy over labels; it needs --curve, or --labels with at least two counts');
  const train = await openLabeledText(flags.train);
  const test = await openLabeledText(flags.test, { classNames: train.classNames });
  const backend = await selectBackend({ prefer: flags.backend ?? 'auto' });
  const opened = await open(flags.run);
  const { tokenizer, backbone, file, step } = opened;
  const weights = await saveWeights(opened.encoder).finally(() => {
    opened.dispose();
  });
  const { epochs, minSteps, batchSize, pooling } = flags;
  const sizes = new Set(counts.map((count) => (count === 'all' ? train.texts.length : Math.min(count, train.texts.length))));
  const interrupt = stopOnInterrupt(output);
  const trainingsOf = (arm: TextArm) => {
    const rates = ((arm === 'scratch' ? scratchLearningRate : undefined) ?? learningRate)?.length ?? 1;
    return rates === 1 ? 1 : rates + 1; // one for each rate, and one with all labels
  };
  const total = sizes.size * seeds.length * arms.reduce((sum, arm) => sum + trainingsOf(arm), 0);
  const stage = output.stage('Fine-tuning', { total, unit: 'trainings' });
  const choices: TextRateChoice[] = [];
  let done = 0;
  try {
    const rows = await fineTuneText({
      ...(epochs !== undefined && { epochs }),
      ...(minSteps !== undefined && { minSteps }),
      ...(batchSize !== undefined && { batchSize }),
      ...(learningRate && { learningRate }),
      ...(scratchLearningRate && { scratchLearningRate }),
      ...(pooling !== undefined && { pooling }),
      encoderFactory: backbone,
      weights,
      tokenizer,
      train,
      test,
      arms,
      counts,
      seeds,
      length: file.settings.length, // positions beyond it were never trained
      signal: interrupt.signal,
      onRateTrial() {
        stage.update(++done);
      },
      onRate(choice) {
        choices.push(choice);
        output.event('learning-rate', { ...choice });
      },
      onTrial(trial) {
        stage.update(++done, { [trial.arm]: `${(100 * trial.accuracy).toFixed(1)} %` });
        output.event('trial', { ...trial });
      },
    });
    stage.end();
    output.line(`Accuracy on ${test.texts.length} texts of ${test.name}, pretrained for ${step} updates:`);
    output.line(formatLabelCurve(rows));
    if (choices.length > 0) output.line('Learning rates, each chosen by a fifth of the labels that it was then used for:');
    for (const line of describeRates(choices)) output.line(line);
    if (flags.report !== undefined) {
      const about = `${basename(flags.run)}, pretrained for ${step} updates, on ${test.texts.length} texts of ${test.name}.`;
      await writeFile(flags.report, await renderLabelCurve(rows, { title: `Fine-tuning on ${train.name}`, about }));
      output.line(`Report: ${flags.report}`);
    }
    const facts = { steps: step, testTexts: test.texts.length, rows, ...(choices.length > 0 && { learningRates: choices }) };
    if (isTextRun(flags.run)) {
      const [trainName, testName] = [shortName(flags.train), shortName(flags.test)];
      const name: FineTuneFile = `fine-tune-${trainName.replace(/\.[^.]*$/, '').replace(/[^\w.]+/g, '-')}.json`;
      await runFolder(flags.run).writeJson(name, { train: trainName, test: testName, ...facts });
      output.line(`Kept in ${join(flags.run, name)}; selfsup report --run ${flags.run} shows it.`);
    }
    output.event('result', { command: 'fine-tune', run: flags.run, backend: backend.name, ...facts });
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    throw error;
  } finally {
    interrupt.release();
  }
}

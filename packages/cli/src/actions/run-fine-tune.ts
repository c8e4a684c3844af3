import { printable, SelfsupError } from '@selfsup/core';
import { formatLabelCurve } from '@selfsup/evaluate';
import { fineTuneEncoder, openSamplesFor, type FineTuneEncoderOptions, type FineTuneRate } from '@selfsup/pretrain';
import { labelCurveSections, renderReport } from '@selfsup/report';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { columnOptions, type ColumnFlags, type RunFlags } from '../flags/common-flags.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import type { Output } from '../output/output.ts';
import { stopOnInterrupt } from '../stop-on-interrupt.ts';
import { keepFineTuned, shortName } from './fine-tuned.ts';
import { openRun } from './open-run.ts';

/** The flags of `selfsup fine-tune`. */
export interface FineTuneFlags extends RunFlags, ColumnFlags, Pick<FineTuneEncoderOptions, 'seeds' | 'epochs' | 'minSteps' | 'batchSize'> {
  readonly train?: string;
  readonly test?: string;
  readonly labels?: string;
  readonly scratch?: boolean;
  readonly curve?: boolean;
  readonly learningRate?: readonly number[];
  readonly scratchLearningRate?: readonly number[];
  readonly option?: Readonly<Record<string, unknown>>;
  readonly report?: string;
}

/** `100`, or `10,100,all`. */
function parseCounts({ labels, curve }: FineTuneFlags): (number | 'all')[] {
  if (labels === undefined) return curve ? [10, 100, 1000, 'all'] : ['all'];
  return labels.split(',').map((part) => {
    const text = part.trim();
    const value = Number(text);
    if (text === 'all') return 'all';
    if (text !== '' && Number.isSafeInteger(value) && value >= 1) return value;
    throw new SelfsupError('SELFSUP_OPTION', `--labels must be integers >= 1 with commas between them, or all, got '${printable(part)}'`);
  });
}

/** Lines such as `pretrained, 100 labels: 0.001 (seeds 0, 2), 0.0003 (seed 1)`. */
function describeRates(choices: readonly FineTuneRate[]): string[] {
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
 * `selfsup fine-tune`: trains the encoder of a run on labeled samples, and on demand the same one from scratch, and judges both on others.
 *
 * @param flags see {@link FineTuneFlags}
 * @param output where to report
 * @returns the exit code: 0, or 130 after an interrupt
 * @remarks The encoder stays as it is; the findings are kept in the folder of the run, and its report shows them.
 */
export async function runFineTune(flags: FineTuneFlags, output: Output): Promise<number> {
  const counts = parseCounts(flags);
  const { learningRate: learningRates, scratchLearningRate: scratchLearningRates, seeds, epochs, minSteps, batchSize } = flags;
  const arms = flags.scratch || flags.curve ? (['pretrained', 'scratch'] as const) : (['pretrained'] as const);
  if (scratchLearningRates && arms.length === 1)
    throw new SelfsupError('SELFSUP_OPTION', '--scratch-learning-rate is for the network from scratch; add --scratch, or leave it out');
  if (flags.report !== undefined && counts.length < 2)
    throw new SelfsupError('SELFSUP_OPTION', '--report draws accuracy over labels; it needs --curve, or --labels with at least two counts');
  const { encoder, store, backend, backendDescription } = await openRun(flags, output);
  const interrupt = stopOnInterrupt(output);
  try {
    const samples = await openSamplesFor(encoder, { data: flags.train, testData: flags.test, options: columnOptions(flags) });
    const { rows, rates } = await fineTuneEncoder(encoder, samples, {
      ...{ arms, counts, seeds, epochs, minSteps, batchSize, learningRates, scratchLearningRates },
      options: flags.option,
      signal: interrupt.signal,
      progress: output,
      onTrial: (trial) => {
        output.event('trial', { ...trial });
      },
    });
    const { test, name, unit } = samples;
    output.line(`Accuracy on ${test!.length} test ${unit} of ${printable(name)}, pretrained for ${encoder.step} updates:`);
    output.line(formatLabelCurve(rows));
    if (rates.length > 0) output.line('Learning rates, each chosen by a fifth of the labels that it was then used for:');
    for (const line of describeRates(rates)) output.line(line);
    const from = flags.train === undefined ? (encoder.run?.dataset.name ?? encoder.origin) : shortName(flags.train);
    const to = flags.test === undefined ? from : shortName(flags.test);
    if (flags.report !== undefined) {
      const summary = `${basename(flags.run)}, pretrained for ${encoder.step} updates, judged by ${test!.length} ${unit} of ${to}.`;
      const sections = labelCurveSections(rows, { title: 'Accuracy by labels' });
      await writeFile(flags.report, await renderReport({ title: `Fine-tuning on ${from}`, summary, sections }));
      output.line(`Report: ${printable(flags.report)}`);
    }
    const facts = { steps: encoder.step, testSamples: test!.length, rows, ...(rates.length > 0 && { learningRates: rates }) };
    const kept = store && (await keepFineTuned(store, { train: from, test: to, ...facts }));
    if (kept !== undefined)
      output.line(`Kept in ${printable(join(flags.run, kept))}; selfsup report --run ${printable(flags.run)} shows it.`);
    output.event('result', { command: 'fine-tune', run: flags.run, backend, backendDescription, ...facts });
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    interrupt.release();
    encoder.dispose();
  }
}

import { countOf, printable, SelfsupError } from '@selfsup/core';
import { formatLabelCurve } from '@selfsup/evaluate';
import {
  assertClassifierName,
  assertNoClassifier,
  classifierFileNames,
  classifierSections,
  describeClassifier,
  keepClassifier,
  measureLabelCurve,
  openSamplesFor,
  parseLabelCount,
  resolveLabelCount,
  trainClassifier,
  type ChosenRate,
  type LabelCount,
  type LabelSource,
  type LoadedEncoder,
  type OpenedSamples,
  type Registry,
} from '@selfsup/pretrain';
import { classifierFolder, runFolder } from '@selfsup/pretrain/node';
import { labelCurveSections, renderReport } from '@selfsup/report';
import { basename, join, parse } from 'node:path';
import { columnOptions, labelSource, type ColumnFlags, type LabelFlags, type RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { assertWritable, writeWholeFile } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { keepFineTuned, shortName } from './fine-tuned.ts';
import { openRun } from './open-run.ts';
import { openStart } from './open-start.ts';

/** The flags of `selfsup fine-tune`. */
export interface FineTuneFlags extends RunFlags, ColumnFlags, LabelFlags {
  readonly data?: string;
  readonly testData?: string;
  readonly labelCounts?: string;
  readonly method?: 'linear' | 'full';
  readonly name?: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly threshold?: number;
  readonly baselines?: boolean;
  readonly scratch?: boolean;
  readonly curve?: boolean;
  readonly seeds?: readonly number[];
  readonly l2?: number;
  readonly epochs?: number;
  readonly minSteps?: number;
  readonly batchSize?: number;
  readonly learningRate?: readonly number[];
  readonly scratchLearningRate?: readonly number[];
  readonly mixup?: number;
  readonly cutmix?: number;
  readonly option?: Readonly<Record<string, unknown>>;
  readonly report?: string;
}

/** `100`, `10-per-class`, or `10,100,all`. */
function parseCounts({ labelCounts, curve }: FineTuneFlags): readonly LabelCount[] {
  if (labelCounts === undefined) return curve ? [10, 100, 1000, 'all'] : ['all'];
  return labelCounts.split(',').map((part) => parseLabelCount(part, '--label-counts'));
}

/** What only one of the methods has. */
function checkMethod(flags: FineTuneFlags): void {
  const { method = 'linear', scratch, curve } = flags;
  const trains = method === 'full' || scratch || curve;
  for (const [name, flag] of [
    ['epochs', '--epochs'],
    ['minSteps', '--min-steps'],
    ['batchSize', '--batch-size'],
    ['learningRate', '--learning-rate'],
    ['mixup', '--mixup'],
    ['cutmix', '--cutmix'],
    ['option', '--option'],
  ] as const)
    // prettier-ignore
    if (flags[name] !== undefined && !trains)
      throw new SelfsupError('SELFSUP_OPTION', `${flag} is for training the encoder; add --method full, or leave it out`);
  if (flags.scratchLearningRate && !scratch && !curve)
    throw new SelfsupError('SELFSUP_OPTION', '--scratch-learning-rate is for the network from scratch; add --scratch, or leave it out');
  if (flags.l2 !== undefined && method === 'full') throw new SelfsupError('SELFSUP_OPTION', '--l2 is for --method linear; leave it out');
}

/** Lines such as `pretrained, 100 labels: 0.001 (seeds 0, 2), 0.0003 (seed 1)`. */
function describeRates(choices: readonly ChosenRate[]): string[] {
  const groups = new Map<string, Map<number, number[]>>();
  for (const { arm, count, seed, learningRate } of choices) {
    const name = `${arm}, ${countOf(count, 'labels')}`;
    const rates = groups.get(name) ?? new Map<number, number[]>();
    groups.set(name, rates.set(learningRate, [...(rates.get(learningRate) ?? []), seed]));
  }
  const list = (rates: Map<number, number[]>) =>
    [...rates].map(([rate, seeds]) => `${rate} (${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')})`).join(', ');
  return [...groups].map(([name, rates]) => `  ${name}: ${list(rates)}`);
}

/** The largest of counts, by what they stand for. */
function largestOf(counts: readonly LabelCount[], { train }: OpenedSamples): LabelCount {
  const labels = train.labels ?? new Int32Array(0);
  return counts.reduce((most, count) => (resolveLabelCount(count, labels) > resolveLabelCount(most, labels) ? count : most));
}

/** By method and labels: `linear-labels-10-per-class`. */
function defaultName({ method = 'linear', labels, data }: FineTuneFlags, count: LabelCount): string {
  const source = labels ?? data;
  const stem = source === undefined ? '' : parse(source).name;
  const words = [method, stem, count === 'all' && stem !== '' ? '' : String(count)];
  return words.filter((word) => word !== '').join('-').replace(/[^\w.-]+/g, '-').slice(0, 80); // prettier-ignore
}

/** Compares what labels are worth from several starts. */
async function compare(
  { encoder, samples, registry }: { encoder: LoadedEncoder; samples: OpenedSamples; registry: Registry },
  { flags, counts, output, signal }: { flags: FineTuneFlags; counts: readonly LabelCount[]; output: Output; signal: AbortSignal },
) {
  const { method, curve = false, learningRate: learningRates, scratchLearningRate: scratchLearningRates, seeds, l2 } = flags;
  const [baselines, scratch] = [flags.baselines ?? curve, flags.scratch ?? curve];
  const { epochs, minSteps, batchSize, mixup, cutmix, option: options } = flags;
  const start = baselines ? await openStart(encoder, { registry, output, signal }) : undefined;
  try {
    return await measureLabelCurve(encoder, samples, {
      ...{ method, baselines, scratch, start: start?.features, counts, seeds, l2, epochs, minSteps, batchSize },
      ...{ learningRates, scratchLearningRates, mixup, cutmix, options, signal, progress: output },
      onTrial: (trial) => {
        output.event('trial', { ...trial });
      },
    });
  } finally {
    start?.encoder.dispose();
  }
}

/**
 * `selfsup fine-tune`: makes a classifier of the encoder of a run and labeled samples, judges it and keeps it; on demand it compares what labels are worth with
 * other starts.
 *
 * @param flags see {@link FineTuneFlags}
 * @param output where to report
 * @returns the exit code: 0, or 130 after an interrupt
 * @remarks The encoder stays as it is; the report of the run shows what was found.
 */
export async function runFineTune(flags: FineTuneFlags, output: Output): Promise<number> {
  const counts = parseCounts(flags);
  checkMethod(flags);
  const { method = 'linear', curve = false, seeds = [0], report } = flags;
  const compares = curve || counts.length > 1 || Boolean(flags.baselines) || Boolean(flags.scratch) || seeds.length > 1;
  if (report !== undefined && counts.length < 2)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '--report draws accuracy over labels; it needs --curve, or --label-counts with at least two counts',
    );
  await assertWritable(report, '--report');
  if (flags.name !== undefined) assertClassifierName(flags.name);
  const way = 'choose another with --name, or add --overwrite';
  const placeOf = (name: string) => runFolder(flags.out ?? classifierFolder(flags.run, name));
  const early = flags.name ?? (counts.length === 1 ? defaultName(flags, counts[0]!) : undefined);
  if (early !== undefined) await assertNoClassifier(placeOf(early), { overwrite: flags.overwrite ?? false, way });
  const { encoder, store, registry, backend, backendDescription } = await openRun(flags, output);
  return runUntilInterrupt(
    output,
    async (signal) => {
      if (!store && flags.out === undefined)
        throw new SelfsupError(
          'SELFSUP_OPTION',
          `${printable(flags.run)} is not the folder of a run; say where to keep the classifier with --out`,
        );
      const labels: LabelSource | string | undefined = labelSource(flags);
      const samples = await openSamplesFor(encoder, {
        ...{ data: flags.data, testData: flags.testData, labels, whole: true },
        options: labels === undefined ? columnOptions(flags) : undefined,
        testFraction: compares ? undefined : 0, // all labels are learned from; cross-validation judges, or a part of them
      });
      const from = flags.data === undefined ? (encoder.run?.dataset.name ?? encoder.origin) : shortName(flags.data);
      const to = flags.testData === undefined ? from : shortName(flags.testData);
      const facts: Record<string, unknown> = { steps: encoder.step };
      if (compares) {
        const { rows, rates } = await compare({ encoder, samples, registry }, { flags, counts, output, signal });
        const { test, name, unit } = samples;
        output.line(
          `Accuracy on ${countOf(test!.length, `test ${unit}`)} of ${printable(name)}, ${method === 'linear' ? 'by a linear classifier' : 'the encoder trained, too'}:`,
        );
        output.line(formatLabelCurve(rows));
        if (rates.length > 0) output.line('Learning rates, each chosen by a fifth of the labels that it was then used for:');
        for (const line of describeRates(rates)) output.line(line);
        if (report !== undefined) {
          const summary = `${basename(flags.run)} (${encoder.origin}, ${countOf(encoder.step, 'updates')}), judged by ${countOf(test!.length, unit)} of ${to}.`;
          const sections = labelCurveSections(rows, { title: 'Accuracy by labels' });
          await writeWholeFile(report, await renderReport({ title: `Labels of ${from}`, summary, sections }));
          output.line(`Report: ${printable(report)}`);
        }
        const measured = { testSamples: test!.length, rows, ...(rates.length > 0 && { learningRates: rates }) };
        Object.assign(facts, measured);
        if (store) await keepFineTuned(store, { train: from, test: to, method, steps: encoder.step, ...measured });
      }
      const count = largestOf(counts, samples);
      const name = flags.name ?? defaultName(flags, count);
      const place = placeOf(name);
      await assertNoClassifier(place, { overwrite: flags.overwrite ?? false, way });
      const { epochs, minSteps, batchSize, learningRate: learningRates, mixup, cutmix, option: options, l2, threshold } = flags;
      const trained = await trainClassifier(encoder, samples, {
        ...{
          name,
          method,
          count,
          seed: seeds[0],
          threshold,
          l2,
          epochs,
          minSteps,
          batchSize,
          learningRates,
          mixup,
          cutmix,
          options,
          signal,
        },
        ...(flags.labels !== undefined && { labelsFrom: shortName(flags.labels) }),
        progress: output,
      });
      trained.classifier.dispose();
      const { description } = trained;
      const sections = await classifierSections(trained, encoder.modality);
      await keepClassifier(place, trained, sections);
      const summary = describeClassifier(description);
      const page = await renderReport({ title: `Classifier ${name}`, summary: `${summary}.`, sections });
      await place.write(classifierFileNames.report, new TextEncoder().encode(page));
      const { judged, trainedOn, classes, temperature } = description;
      const said = judged && `${(100 * judged.accuracy).toFixed(1)} % of ${countOf(judged.samples, trainedOn.unit)} right`;
      const by =
        judged &&
        { test: 'not learned from', 'cross-validation': 'by cross-validation', 'held-out part': 'of the labels, held out' }[judged.by];
      output.line(
        `Classifier ${printable(name)}: ${countOf(classes.length, 'classes')}, ${countOf(trainedOn.samples, 'labels')}${said ? `; ${said} (${by})` : ''}`,
      );
      output.line(`Kept in ${printable(place.name)}; what it gets wrong: ${printable(join(place.name, classifierFileNames.report))}`);
      output.line(`Use it: selfsup predict --run ${printable(flags.run)} --classifier ${printable(flags.out ?? name)} <files or folders>`);
      output.event('result', {
        ...{ command: 'fine-tune', run: flags.run, backend, backendDescription, ...facts },
        classifier: { name, folder: place.name, kind: description.kind, classes, labels: trainedOn.samples, temperature, judged },
        skipped: samples.skipped(),
      });
      return 0;
    },
    () => {
      encoder.dispose();
    },
  );
}

import { countOf } from '@selfsup/core';
import { chartsOf } from './report-charts.ts';
import type { CollectReportContext } from './report-context.ts';
import { formatSeconds, unitValue, whole } from './report-formats.ts';
import { picturesOf } from './report-pictures.ts';
import { tablesOf } from './report-tables.ts';
import type { RunResult } from './run-result.ts';
import type { NamedNumber, ReportData } from './section.ts';
import { startAloneOf } from './start-alone.ts';
import { capital, isGood } from './verdict.ts';

/** Each number is what its label says, in the words of the probes. */
function numbersOf(result: RunResult, name: string): NamedNumber[] {
  const judged = result.comparisons.flatMap(({ title, unit, trained, baselines }, i): NamedNumber[] => [
    { label: `${title}, ${name}`, value: unitValue(trained, unit), main: i === 0 },
    ...Object.entries(baselines).map(([name, value]): NamedNumber => ({ label: `${title}, ${name}`, value: unitValue(value, unit) })),
  ]);
  return [
    ...judged,
    ...(result.lastEpochLoss === undefined
      ? []
      : [{ label: 'mean loss of the last epoch', value: result.lastEpochLoss.toFixed(3), main: judged.length === 0 }]),
    ...(result.throughput ? [{ label: `${result.throughput.unit} per second`, value: whole(result.throughput.perSecond) }] : []),
    ...(result.steps > 0 ? [{ label: 'of training', value: formatSeconds(result.seconds) }] : []),
  ];
}

/**
 * Gathers what the report of a run shows, as data.
 *
 * @param context see {@link CollectReportContext}
 * @returns what `renderReport` of `@selfsup/report` draws
 */
export async function collectReport(context: CollectReportContext): Promise<ReportData> {
  const { run, recipe, result, records, more } = context;
  const { dataset, settings } = run;
  const alone = startAloneOf(run, result.steps);
  const helped = isGood(result.verdict, alone);
  const alarms = result.alarms.map(({ kind, metric, value, threshold, step }) => {
    const line = records.find((record) => record.type === 'alarm' && record['kind'] === kind && record.step === step);
    const cause = step > 0 || line?.['likelyCause'] === undefined ? '' : `: ${line['likelyCause']}`;
    const advice = line?.['advice'] === undefined ? '' : `. What helps: ${line['advice']}`;
    return `${step === 0 ? 'Before training' : `After update ${step}`}: ${kind}: ${metric} ${value} (threshold ${threshold})${cause}${advice}`;
  });
  const epochs = countOf(result.epochs, 'epochs');
  const samples = countOf(dataset.train, dataset.unit);
  const way = alone
    ? `${alone.name}, without updates, for ${samples}`
    : `${epochs} over ${samples} in batches of ${settings.batchSize * settings.accumulate}`;
  return {
    title: `${alone ? capital(alone.name) : recipe.title} on ${dataset.name}`,
    summary: `${run.encoder.name}, ${way}, ${run.backend}.${dataset.testFrom === 'held out' ? ` ${dataset.test} ${dataset.unit} were held out to test on.` : ''}`,
    sections: [
      { kind: 'notice', level: helped ? 'good' : 'warning', lines: result.verdict },
      ...(alarms.length > 0 ? [{ kind: 'notice' as const, level: 'warning' as const, title: 'Alarms', lines: alarms }] : []),
      { kind: 'numbers', numbers: numbersOf(result, alone ? 'the start' : 'trained encoder') },
      ...chartsOf(context),
      ...more,
      ...(await picturesOf(context)),
      ...tablesOf(context),
    ],
  };
}

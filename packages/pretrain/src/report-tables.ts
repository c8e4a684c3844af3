import { onlyOf } from './optimizers.ts';
import type { CollectReportContext } from './report-context.ts';
import { formatSeconds, whole } from './report-formats.ts';
import type { Section } from './section.ts';
import { describeSkipped } from './skipped.ts';
import { startAloneOf } from './start-alone.ts';

/** What is said of a run that did not go to its end. */
const STOPPED = { end: '', time: ' (stopped by the time limit)', interrupt: ' (not finished)' } as const;

const showValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Settings that a run without updates records for a later session, and does not read. */
const TRAINING_ONLY = [
  ...['task', 'batchSize', 'accumulate', 'optimizer', 'learningRate', 'schedule', 'warmupEpochs', 'momentum', 'weightDecay', 'clipNorm'],
  ...['layerDecay', 'frozenLayers', 'loraRank', 'loraAlpha', 'loraTargets', 'loraNorms', 'syncBatchNorm'],
];

/** Results and settings as tables. Internal. */
export function tablesOf({ run, result }: CollectReportContext): Section[] {
  const { settings, brought } = run;
  const alone = startAloneOf(run, result.steps);
  const brings = brought.functions.includes('optimizer');
  // only what had an effect: a function of a config replaces optimizer and rate, and only AdamW has a second beta
  const silent = new Set<string>([
    ...(brings ? ['optimizer', 'weightDecay', 'momentum', 'clipNorm'] : []),
    ...onlyOf.filter(([, owner]) => brings || owner !== settings.optimizer).map(([name]) => name),
    ...(alone ? TRAINING_ONLY : []),
    ...(result.probes['knn'] ? [] : ['knnK', 'knnTemperature', 'knnBank']),
    'taskOptions',
    'encoderOptions',
  ]);
  const rows = (values: Readonly<Record<string, unknown>>, prefix = ''): string[][] =>
    Object.entries(values)
      .filter(([name, value]) => value !== undefined && !silent.has(name))
      .map(([name, value]) => [prefix + name, showValue(value)]);
  const facts = [
    ['Epochs, updates', `${result.epochs}, ${result.steps}${STOPPED[result.stoppedBy]}`],
    ...(alone ? [] : [['Time of training', formatSeconds(result.seconds)]]),
    ...(result.lastLoss === undefined ? [] : [['Loss of the last update', result.lastLoss.toFixed(5)]]),
    ...(result.lastEpochLoss === undefined ? [] : [['Mean loss of the last epoch', result.lastEpochLoss.toFixed(5)]]),
    ...(result.throughput
      ? [
          [`${result.throughput.unit} per second, training as a whole`, whole(result.throughput.perSecond)],
          ...(result.throughput.preparing === undefined ? [] : [['… preparing alone', whole(result.throughput.preparing)]]),
          ...(result.throughput.training === undefined ? [] : [['… train step alone', whole(result.throughput.training)]]),
        ]
      : []),
    [
      `${run.dataset.unit} to learn from, to test on`,
      `${result.trainSamples}, ${result.testSamples}${run.dataset.testFrom ? ` (${run.dataset.testFrom})` : ''}`,
    ],
    ...Object.entries(result.facts).map(([name, value]) => [name, showValue(value)]),
    ...(result.skipped.length > 0 ? [['Skipped', describeSkipped(result.skipped)]] : []),
    ['checkpoint', `sha256 ${result.checkpoint}`],
  ] as string[][];
  const used = [
    ...rows(settings),
    ...(alone ? [] : rows(settings.taskOptions, 'task: ')),
    ...rows(run.encoder.options, 'encoder: '),
    ...rows(run.options),
    ...run.changes.map(({ step, setting, from, to }) => [`changed after update ${step}`, `${setting} from ${from} to ${to}`]),
    ...(run.teacher ? [['teacher', `${run.teacher.origin} (${run.teacher.step} updates, sha256 ${run.teacher.sha256})`]] : []),
    ...(run.init ? [['weights at the start', `those of ${run.init.origin} (${run.init.step} updates, sha256 ${run.init.sha256})`]] : []),
    ...(alone ? [] : [['optimizer as it ran', run.optimizer.join(', ')]]),
    ...(brought.functions.length > 0 ? [['functions of the config', brought.functions.join(', ')]] : []),
    ...(brought.plugins.length > 0 ? [['plugins', brought.plugins.join(', ')]] : []),
    ...rows(run.input, 'input: '),
    ['backend', result.backendDescription ?? run.backend],
    ['selfsup', run.selfsup],
  ];
  return [
    { kind: 'table', title: 'Results', rows: facts },
    { kind: 'table', title: 'Settings', rows: used },
    ...(result.skipped.length > 0
      ? [
          {
            kind: 'table' as const,
            title: 'Skipped',
            columns: ['what', 'why'],
            rows: result.skipped.map(({ path, reason }) => [path, reason]),
          },
        ]
      : []),
  ];
}

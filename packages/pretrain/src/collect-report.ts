import { countOf, createRng, drawPermutation } from '@selfsup/core';
import { nearestNeighbors, whiten } from '@selfsup/evaluate';
import { startAloneOf } from './start-alone.ts';
import type { EncodedBank, EncodedSamples } from './knn-probe.ts';
import type { MetricsRecord } from './metrics-log.ts';
import type { AnyModality, Features } from './modality.ts';
import { onlyOf } from './optimizers.ts';
import type { Progress } from './progress.ts';
import { projectMap } from './project-map.ts';
import { GLOBAL } from './readout.ts';
import type { RunFile } from './run-file.ts';
import { describeSkipped } from './skipped.ts';
import type { RunResult } from './run-result.ts';
import type { Chart, GalleryItem, MapPoint, NamedNumber, ReportData, Section, Series } from './section.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';
import { capital, isGood } from './verdict.ts';

const MAP_POINTS = 1000;
const QUERIES = 10;
const NEIGHBORS = 5;

/** What {@link collectReport} needs. */
export interface CollectReportContext {
  /** What run.json says. */
  readonly run: RunFile;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
  /** What the data are. */
  readonly modality: AnyModality;
  /** How the run ended. */
  readonly result: RunResult;
  /** The lines of metrics.jsonl, in order. */
  readonly records: readonly MetricsRecord[];
  /** The features of the trained encoder; without them there is no map. */
  readonly encoded?: EncodedBank | undefined;
  /** Sections of the modality, and of what was fine-tuned. */
  readonly more: readonly Section[];
  /** Shows progress. */
  readonly progress: Progress;
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (value: number) => `${value.toFixed(1)} %`;

/** Seconds as `4.8 s`, `48 s`, `2 min 05 s` or `1 h 04 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${two(rounded % 60)} s`;
  return `${Math.floor(rounded / 3600)} h ${two(Math.floor((rounded % 3600) / 60))} min`;
}

const unitValue = (value: number, unit: string) => (unit === '%' ? percent(value) : `${value.toFixed(3)} ${unit}`);

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

/** The mean of the points around each point: a tenth of the curve, at most 40 points. */
function smooth(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const half = Math.min(20, Math.floor(points.length / 20));
  return points.map(([x], i) => {
    const around = points.slice(Math.max(0, i - half), i + half + 1);
    return [x, around.reduce((sum, [, y]) => sum + y, 0) / around.length];
  });
}

function charts({ run, records, result }: CollectReportContext): Section[] {
  const of = (type: string, key: string): [number, number][] =>
    records.flatMap((record) => {
      const value = record[key];
      return record.type === type && typeof value === 'number' ? [[record.epoch, value] as [number, number]] : [];
    });
  const found: Chart[] = [];
  const loss = of('step', 'loss');
  if (loss.length > 0)
    found.push({
      title: 'Loss',
      series: [
        { name: 'running mean', points: smooth(loss) },
        { name: 'each update', points: loss, style: 'faint' },
      ],
    });
  for (const [name, { trained, baselines }] of Object.entries(result.probes))
    for (const key of Object.keys(trained)) {
      const comparison = result.comparisons.find(({ trained: value }) => value === trained[key]);
      const before: [number, number][] = baselines['untrained'] === undefined ? [] : [[0, baselines['untrained']]];
      const points = [...before, ...of(name, key).filter(([epoch]) => epoch > 0)];
      if (points.length < 2 || !comparison) continue;
      found.push({
        title: comparison.title.replace(/^[a-z](?=[a-z])/, (letter) => letter.toUpperCase()), // not kNN
        unit: comparison.unit,
        series: [
          { name: 'encoder', points },
          ...Object.entries(comparison.baselines).map(([level, value]): Series => ({ name: level, style: 'level', points: [[0, value]] })),
        ],
      });
    }
  const online = of('step', 'onlineAccuracy');
  if (online.length > 0)
    found.push({
      title: 'Online linear probe on the training views',
      unit: '%',
      series: [
        { name: 'running mean', points: smooth(online) },
        { name: 'each update', points: online, style: 'faint' },
      ],
    });
  const rate = of('step', 'learningRate');
  if (rate.length > 0) found.push({ title: 'Learning rate', series: [{ name: 'rate', points: rate }], fromZero: true });
  const sections: Section[] = found.length === 0 ? [] : [{ kind: 'charts', title: 'Training', charts: found }];
  const health = (['rank', 'lidar', 'std', 'uniformity', 'alignment'] as const).flatMap((key): Chart[] => {
    const points = of('health', key);
    return points.length < 2 ? [] : [{ title: HEALTH[key], series: [{ name: key, points }] }];
  });
  if (health.length > 0)
    sections.push({
      kind: 'charts',
      title: "Health of the encoder's output",
      text: `A collapsed encoder gives all samples nearly the same output: rank and deviation fall. Measured on the encoder's own output, ${result.health?.['dim'] === undefined ? 'which' : `${result.health['dim']} columns that`} training may collapse${run.settings.readout === GLOBAL ? '' : `, not on what the readout ${run.settings.readout} makes of it`}.`,
      charts: health,
    });
  return sections;
}

/** What is said of a run that did not go to its end. */
const STOPPED = { end: '', time: ' (stopped by the time limit)', interrupt: ' (not finished)' } as const;

const HEALTH = {
  rank: 'Effective rank',
  std: 'Deviation per dimension',
  uniformity: 'Uniformity',
  alignment: 'Alignment of two views',
  lidar: 'LiDAR: directions that tell samples apart, not views',
} as const;

function takeRows({ data, shape: [, dim], indices }: Features, rows: Int32Array): Features {
  const taken = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return { data: taken, shape: [rows.length, dim], indices: rows.map((row) => indices[row]!) };
}

const classOf = ({ samples, features }: EncodedSamples, row: number) => samples.labels?.[features.indices[row]!];

/** Queries of different classes where there are labels: the first of each class in the drawn order, then whoever is next. */
function pickQueries(order: Int32Array, from: EncodedSamples): Int32Array {
  const seen = new Set<number | undefined>();
  const fresh = [...order].filter(
    (row) => from.samples.labels !== undefined && !seen.has(classOf(from, row)) && seen.add(classOf(from, row)),
  );
  return Int32Array.from([...fresh, ...[...order].filter((row) => !fresh.includes(row))].slice(0, QUERIES));
}

async function galleries(
  from: EncodedSamples,
  bank: EncodedSamples,
  { modality, run, result }: CollectReportContext,
  order: Int32Array,
): Promise<Section[]> {
  if (!modality.show) return [];
  const queries = pickQueries(order, from);
  const same = from === bank;
  const { knnWhitening } = run.settings;
  const plain = { bank: bank.features, queries: takeRows(from.features, queries) };
  const measured = knnWhitening ? await whiten(plain.bank, plain.queries) : plain;
  const near = await nearestNeighbors(measured.queries, measured.bank, { k: NEIGHBORS + (same ? 1 : 0) });
  const name = (samples: EncodedSamples['samples'], label: number | undefined) =>
    label === undefined ? undefined : (samples.classNames?.[label] ?? `class ${label}`);
  const shownQueries = await modality.show(from.samples, [...takeRows(from.features, queries).indices]);
  const rows: GalleryItem[][] = [];
  for (const [i, query] of [...queries].entries()) {
    const label = classOf(from, query);
    const found = [...near.indices.subarray(i * near.k, (i + 1) * near.k)]
      .map((row, j) => ({ row, cosine: near.cosines[i * near.k + j]! }))
      .filter(({ row }) => !same || row !== query)
      .slice(0, NEIGHBORS);
    const shown = await modality.show(
      bank.samples,
      found.map(({ row }) => bank.features.indices[row]!),
    );
    const caption = name(from.samples, label);
    rows.push([
      { ...shownQueries[i]!, ...(caption !== undefined && { caption }) },
      ...found.map(({ row, cosine }, j): GalleryItem => {
        const other = classOf(bank, row);
        const words = [name(bank.samples, other), cosine.toFixed(2)].filter((word) => word !== undefined).join(' ');
        const mark =
          label === undefined || other === undefined
            ? undefined
            : name(from.samples, label) === name(bank.samples, other)
              ? 'same'
              : 'other';
        return { ...shown[j]!, caption: words, ...(mark && { mark }) };
      }),
    ]);
  }
  const { unit } = run.dataset;
  const text = `On the left one of the ${same ? 'training' : 'test'} ${unit}; beside it the training ${unit} that the encoder finds most like it, with the cosine of ${knnWhitening ? `the principal directions of their features, strong ones made weaker (\`knnWhitening\`)${result.probes['knn'] ? ', as the kNN accuracy compares them' : ''}` : 'their features'}.${from.samples.labels ? ' A mark says whether they are of the same class, which training never saw.' : ''}`;
  return rows.length > 0 ? [{ kind: 'gallery', title: 'Nearest neighbors', text, rows }] : [];
}

async function mapOf(
  from: EncodedSamples,
  bank: EncodedSamples,
  { modality, run, progress }: CollectReportContext,
  order: Int32Array,
): Promise<Section[]> {
  const rows = order.slice(0, MAP_POINTS).sort();
  if (rows.length < 10) return [];
  const shown = takeRows(from.features, rows);
  const plane = await projectMap(shown, { seed: run.settings.seed, progress });
  const { labels, classNames } = from.samples;
  const points = plane.map(([x, y], i): MapPoint => ({ x, y, ...(labels && { label: labels[shown.indices[i]!]! }) }));
  const items = await modality.show?.(from.samples, [...shown.indices]);
  const text = `${countOf(points.length, `${from === bank ? 'training' : 'test'} ${run.dataset.unit}`)}, laid out by UMAP: those that the encoder finds alike lie together.${labels ? ' Colors are the true classes, which training never saw.' : ''}`;
  return [{ kind: 'map', title: 'Map of the embeddings', text, points, ...(classNames && { classNames }), ...(items && { items }) }];
}

const showValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Settings that a run without updates records for a later session, and does not read. */
const TRAINING_ONLY = [
  ...['task', 'batchSize', 'accumulate', 'optimizer', 'learningRate', 'schedule', 'warmupEpochs', 'momentum', 'weightDecay', 'clipNorm'],
  ...['layerDecay', 'frozenLayers', 'loraRank', 'loraAlpha', 'loraTargets', 'loraNorms', 'syncBatchNorm'],
];

function tables({ run, result }: CollectReportContext): Section[] {
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

/**
 * Gathers what the report of a run shows, as data.
 *
 * @param context see {@link CollectReportContext}
 * @returns what `renderReport` of `@selfsup/report` draws
 */
export async function collectReport(context: CollectReportContext): Promise<ReportData> {
  const { run, recipe, result, records, encoded, more } = context;
  const { dataset, settings } = run;
  const alone = startAloneOf(run, result.steps);
  const helped = isGood(result.verdict, alone);
  const alarms = result.alarms.map(({ kind, metric, value, threshold, step }) => {
    const line = records.find((record) => record.type === 'alarm' && record['kind'] === kind && record.step === step);
    const cause = step > 0 || line?.['likelyCause'] === undefined ? '' : `: ${line['likelyCause']}`;
    const advice = line?.['advice'] === undefined ? '' : `. What helps: ${line['advice']}`;
    return `${step === 0 ? 'Before training' : `After update ${step}`}: ${kind}: ${metric} ${value} (threshold ${threshold})${cause}${advice}`;
  });
  const from = encoded?.test ?? encoded?.bank;
  const order = from && drawPermutation(createRng(settings.seed).fold('report'), from.features.shape[0]);
  const pictures =
    from && order && encoded
      ? [...(await mapOf(from, encoded.bank, context, order)), ...(await galleries(from, encoded.bank, context, order))]
      : [];
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
      ...charts(context),
      ...more,
      ...pictures,
      ...tables(context),
    ],
  };
}

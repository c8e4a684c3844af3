import { GLOBAL } from './readout.ts';
import type { CollectReportContext } from './report-context.ts';
import type { Chart, Section, Series } from './section.ts';

const HEALTH = {
  rank: 'Effective rank',
  std: 'Deviation per dimension',
  uniformity: 'Uniformity',
  alignment: 'Alignment of two views',
  lidar: 'LiDAR: directions that tell samples apart, not views',
} as const;

/** The mean of the points around each point: a tenth of the curve, at most 40 points. */
function smooth(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const half = Math.min(20, Math.floor(points.length / 20));
  return points.map(([x], i) => {
    const around = points.slice(Math.max(0, i - half), i + half + 1);
    return [x, around.reduce((sum, [, y]) => sum + y, 0) / around.length];
  });
}

/** The curves of training and of the health of the features. Internal. */
export function chartsOf({ run, records, result }: CollectReportContext): Section[] {
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

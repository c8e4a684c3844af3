import type { MetricsRecord } from '../run-folder.ts';
import type { ChartLine } from './charts.ts';
import type { ReportData } from './collect-report.ts';
import { html, raw, type Html } from './html.ts';
import { chart, smooth } from './sections.ts';

type Points = readonly (readonly [number, number])[];

const of = (metrics: readonly MetricsRecord[], type: string, key: string): Points =>
  metrics.flatMap((record) => (record.type === type && typeof record[key] === 'number' ? [[record.epoch, record[key]]] : []));

/** A dashed line from the first to the last of the points. */
const level = (name: string, value: number, points: Points): ChartLine => ({
  name,
  color: 'var(--calm)',
  dashed: true,
  points: [0, Math.max(...points.map(([x]) => x))].map((x) => [x, value] as const),
});

const line = (name: string, points: Points, color = 'var(--accent)'): ChartLine => ({ name, points, color });

/** What looked like a collapse, for all to see; nothing where there was no alarm. */
export function alarms({ metrics }: Pick<ReportData, 'metrics'>): Html {
  const found = metrics.filter(({ type }) => type === 'alarm');
  if (found.length === 0) return raw('');
  const value = (x: number | string | undefined) => String(Number(Number(x).toPrecision(3)));
  return html`<section class="alarm" role="alert">
    <h2>${found.length === 1 ? 'An alarm was raised' : `${found.length} alarms were raised`}</h2>
    ${found.map(
      (alarm) =>
        html`<p>
          <b>After update ${alarm.step}: ${alarm['metric']} ${value(alarm['value'])}</b>,
          ${Number(alarm['value']) < Number(alarm['threshold']) ? 'below' : 'above'} ${value(alarm['threshold'])} (${alarm['kind']}).
          Likely: ${alarm['likelyCause']}. What helps: ${alarm['advice']}.
        </p>`,
    )}
  </section>`;
}

/** The features over the epochs: effective rank, deviation, uniformity and alignment; the deviation of the embeddings; the age of the queue. */
export async function health({ metrics }: Pick<ReportData, 'metrics'>): Promise<Html> {
  const last = metrics.filter(({ type }) => type === 'health').at(-1);
  const [rank, std, uniformity, alignment] = ['rank', 'std', 'uniformity', 'alignment'].map((key) => of(metrics, 'health', key)) as [Points, Points, Points, Points]; // prettier-ignore
  const [zStd, queueAge] = [of(metrics, 'step', 'zStd'), of(metrics, 'step', 'queueAge')];
  const charts: Promise<Html>[] = [];
  if (last) {
    const spread = 1 / Math.sqrt(Number(last['dim']));
    charts.push(
      chart('Effective rank', [line('rank', rank)], { fromZero: true }),
      chart('Deviation per dimension', [line('features', std), level('spread evenly', spread, std)], { fromZero: true }),
      chart('Uniformity', [line('uniformity', uniformity), level('a single point', 0, uniformity)]),
    );
    if (alignment.length > 0)
      charts.push(chart('Alignment', [line('views of one image', alignment), level('unrelated', 2, alignment)], { fromZero: true }));
  }
  if (zStd.length > 0)
    charts.push(
      chart('Deviation of the embeddings', [{ ...line('each update', zStd), quiet: true }, line('running mean', smooth(zStd))], {
        fromZero: true,
      }),
    );
  if (queueAge.length > 0) charts.push(chart('Age of the queue', [line('updates', queueAge)], { fromZero: true }));
  if (charts.length === 0) return raw('');
  return html`<h2>Health of the features</h2>
    ${
      last !== undefined &&
      html`<p class="soft">
        Of ${last['rows']} images, ${last['dim']} dimensions. A collapse shows as an effective rank near 1, a deviation near 0 or a
        uniformity near 0. Alignment is how far apart two views of one image lie: less is better as long as uniformity stays low.
      </p>`
    }
    <div class="charts">${await Promise.all(charts)}</div>`;
}

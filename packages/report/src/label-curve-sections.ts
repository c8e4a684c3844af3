import type { Section } from '@selfsup/pretrain';

/** Accuracy with so many labels, from one start of the network. */
export interface LabelCurveRow {
  /** How many labels. */
  readonly count: number;
  /** Where the network started, such as `pretrained` or `scratch`. */
  readonly arm: string;
  /** One for each seed, in [0, 1]. */
  readonly accuracies: readonly number[];
  /** Of `accuracies`. */
  readonly mean: number;
  /** Of `accuracies`; of one seed there is none: not a number, null in JSON, or absent. */
  readonly deviation?: number | null;
}

const percent = (share: number) => (100 * share).toFixed(1);

function cell(row: LabelCurveRow | undefined): string {
  if (!row || !Number.isFinite(row.mean)) return '–';
  const { mean, deviation } = row;
  const around = typeof deviation === 'number' && Number.isFinite(deviation) ? ` ± ${percent(deviation)}` : '';
  return `${percent(mean)}${around} %`;
}

/**
 * Makes sections of accuracy by the number of labels: a chart with a line for each start of the network, where there are several numbers of labels, and a table.
 *
 * @param rows what `labelEfficiencyCurve` of `@selfsup/evaluate` returns, also after a way through JSON
 * @param texts `title` of the sections, default `What labels are worth`, and `text`: what was compared
 * @returns no section of no rows
 */
export function labelCurveSections(rows: readonly LabelCurveRow[], texts: { title?: string; text?: string } = {}): Section[] {
  const { title = 'What labels are worth', text } = texts;
  if (rows.length === 0) return [];
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const counts = [...new Set(rows.map(({ count }) => count))].sort((a, b) => a - b);
  const seeds = Math.max(...rows.map(({ accuracies }) => accuracies.length));
  const about = seeds > 1 ? `the mean ± deviation of ${seeds} seeds` : 'one seed';
  const described = `Accuracy on the test set with so many labels, ${about}.${text ? ` ${text}` : ''}`;
  const series = arms.map((name) => ({
    name,
    points: rows
      .filter(({ arm }) => arm === name)
      .sort((a, b) => a.count - b.count)
      .map(({ count, mean }) => [count, 100 * mean] as const),
  }));
  const find = (count: number, name: string) => rows.find((row) => row.count === count && row.arm === name);
  const table: Section = {
    kind: 'table',
    title: counts.length > 1 ? `${title}, in numbers` : title,
    ...(counts.length > 1 ? {} : { text: described }),
    columns: ['labels', ...arms],
    rows: counts.map((count) => [count.toLocaleString('en-US'), ...arms.map((name) => cell(find(count, name)))]),
  };
  if (counts.length < 2) return [table];
  const chart = { title: 'Accuracy by labels', series, xName: 'labels', xScale: 'log', unit: '%' } as const;
  return [{ kind: 'charts', title, text: described, charts: [chart] }, table];
}

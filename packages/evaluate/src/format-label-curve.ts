import type { LabelCurveRow } from './label-efficiency-curve.ts';

const percent = ({ mean, deviation }: LabelCurveRow) =>
  Number.isNaN(deviation) ? `${(100 * mean).toFixed(1)} %` : `${(100 * mean).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %`;

/**
 * Prints a label-efficiency curve as a table of plain text: a line for each number of labels, a column for each arm, mean ± sample deviation in percent.
 *
 * @param rows what `labelEfficiencyCurve` returned
 * @returns lines joined by newlines, without one at the end
 */
export function formatLabelCurve(rows: readonly LabelCurveRow[]): string {
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const counts = [...new Set(rows.map(({ count }) => count))];
  const cell = (count: number, arm: string) => {
    const row = rows.find((candidate) => candidate.count === count && candidate.arm === arm);
    return row ? percent(row) : '–';
  };
  const table = [['labels', ...arms], ...counts.map((count) => [count.toLocaleString('en-US'), ...arms.map((arm) => cell(count, arm))])];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  return table.map((line) => line.map((text, column) => text.padStart(widths[column]!)).join('   ')).join('\n');
}

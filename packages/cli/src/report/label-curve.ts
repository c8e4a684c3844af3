import type { LabelCurveRow } from '@selfsup/evaluate';
import { lineChart } from './charts.ts';
import { html, raw, type Html } from './html.ts';
import { renderPage } from './page.ts';

const COLORS = ['var(--accent)', 'var(--warm)', 'var(--calm)'];
const percent = (value: number | null) => (value === null || Number.isNaN(value) ? '–' : (100 * value).toFixed(1));

/**
 * Draws accuracy over the number of labels, a line for each start of the network, with the numbers below.
 *
 * @param rows what `labelEfficiencyCurve` returned
 * @param texts `heading` of the section, and `about`: what was compared
 * @returns the section; of one number of labels only the table
 */
export async function labelCurve(rows: readonly LabelCurveRow[], texts: { heading?: string; about?: string } = {}): Promise<Html> {
  const { heading = 'What labels are worth', about } = texts;
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const counts = [...new Set(rows.map(({ count }) => count))];
  const seeds = rows[0]?.accuracies.length ?? 0;
  const colorOf = (i: number) => COLORS[i % COLORS.length]!;
  const lines = arms.map((name, i) => ({
    name,
    color: colorOf(i),
    points: rows.filter(({ arm }) => arm === name).map(({ count, mean }) => [count, 100 * mean] as const),
  }));
  const figure = async () => {
    const format = (value: number) => `${value} %`;
    const svg = await lineChart({ lines, title: 'Accuracy by labels', xName: 'labels', logarithmic: true, format });
    return html`<div class="charts">
      <figure>
        <h3>Accuracy by labels</h3>
        <div class="legend">${lines.map(({ name, color }) => html`<span><i style="--at:${color}"></i>${name}</span>`)}</div>
        ${raw(svg)}
      </figure>
    </div>`;
  };
  const cell = (count: number, name: string) => {
    const row = rows.find((candidate) => candidate.count === count && candidate.arm === name);
    return html`<td>${row ? `${percent(row.mean)} ± ${percent(row.deviation)} %` : '–'}</td>`;
  };
  return html`<h2>${heading}</h2>
    <p class="soft">
      Accuracy on the test set after fine-tuning with so many labels: mean ± deviation of ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}.
      ${about}
    </p>
    ${counts.length > 1 && (await figure())}
    <table>
      <tr>
        <th>labels</th>
        ${arms.map((name) => html`<th>${name}</th>`)}
      </tr>
      ${counts.map(
        (count) =>
          html`<tr>
            <td>${count.toLocaleString('en-US')}</td>
            ${arms.map((name) => cell(count, name))}
          </tr>`,
      )}
    </table>`;
}

/**
 * Writes the page of a comparison: one file, nothing from the network.
 *
 * @param rows what `labelEfficiencyCurve` returned
 * @param texts the heading, and a sentence on what was compared
 * @returns HTML
 */
export async function renderLabelCurve(rows: readonly LabelCurveRow[], texts: { title: string; about: string }): Promise<string> {
  const { title, about } = texts;
  return renderPage({
    title,
    body: html`<p class="soft">${about}</p>
      ${await labelCurve(rows)}`,
  });
}

import type { LabelCurveRow } from '@selfsup/evaluate';
import { lineChart } from './charts.ts';
import { html, raw, type Html } from './html.ts';
import { style } from './style.ts';

const COLORS = ['var(--accent)', 'var(--warm)', 'var(--calm)'];
const percent = (value: number | null) => (value === null || Number.isNaN(value) ? '–' : (100 * value).toFixed(1));

/**
 * Draws accuracy over the number of labels, a line for each start of the network, with the numbers below.
 *
 * @param rows what `labelEfficiencyCurve` returned
 * @returns the section; empty where there are not two numbers of labels
 */
export async function labelCurve(rows: readonly LabelCurveRow[]): Promise<Html> {
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const counts = [...new Set(rows.map(({ count }) => count))];
  if (counts.length < 2) return raw('');
  const colorOf = (i: number) => COLORS[i % COLORS.length]!;
  const lines = arms.map((name, i) => ({
    name,
    color: colorOf(i),
    points: rows.filter(({ arm }) => arm === name).map(({ count, mean }) => [count, 100 * mean] as const),
  }));
  const format = (value: number) => `${value} %`;
  const svg = await lineChart({ lines, title: 'Accuracy by labels', xName: 'labels', logarithmic: true, format });
  const cell = (count: number, name: string) => {
    const row = rows.find((candidate) => candidate.count === count && candidate.arm === name);
    return html`<td>${row ? `${percent(row.mean)} ± ${percent(row.deviation)} %` : '–'}</td>`;
  };
  return html`<h2>What labels are worth</h2>
    <p class="soft">
      Accuracy on the test set after fine-tuning with so many labels: mean ± deviation of ${rows[0]!.accuracies.length} seeds.
    </p>
    <div class="charts">
      <figure>
        <h3>Accuracy by labels</h3>
        <div class="legend">${lines.map(({ name, color }) => html`<span><i style="--at:${color}"></i>${name}</span>`)}</div>
        ${raw(svg)}
      </figure>
    </div>
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
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${texts.title} · selfsup</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${texts.title}</h1>
          <p class="soft">${texts.about}</p>
          ${await labelCurve(rows)}
        </main>
      </body>
    </html>`;
  return `${page.html}\n`;
}

import { html, raw } from './html.ts';
import type { ReportData } from './collect-report.ts';
import { alarms, health } from './health-section.ts';
import { script } from './script.ts';
import { cards, curves, map, neighbors, tables } from './sections.ts';
import { style } from './style.ts';

const TASKS: Readonly<Record<string, string>> = { simclr: 'SimCLR' };

/**
 * Writes the page of a run: one file, nothing from the network.
 *
 * @param data see {@link ReportData}
 * @returns HTML
 */
export async function renderReport(data: ReportData): Promise<string> {
  const { run, result } = data;
  const { task, encoder } = run.settings;
  const title = `${TASKS[task] ?? task} on ${run.dataset.name}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · selfsup</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p class="soft">
            ${encoder}, ${result.epochs} ${result.epochs === 1 ? 'epoch' : 'epochs'} over ${run.dataset.train} images in batches of
            ${run.settings.batchSize}, ${run.backend}.
            ${run.dataset.heldOut && `${run.dataset.test} labeled images were held out for the test.`}
          </p>
          ${cards(data)} ${alarms(data)} ${await curves(data)} ${await health(data)} ${await map(data)} ${neighbors(data)} ${tables(data)}
        </main>
        <script>
          ${raw(script)};
        </script>
      </body>
    </html>`;
  return `${page.html}\n`;
}

import { html } from './html.ts';
import { renderPage } from './page.ts';
import type { TextReportData } from './text-report-data.ts';
import { filledTexts, fineTuned, textCards, textCurves, textTables } from './text-sections.ts';

const TASKS: Readonly<Record<string, string>> = {
  'masked-language': 'Masked language modeling',
  'replaced-token': 'Replaced-token detection',
  'next-token': 'Next-token prediction',
};

/**
 * Writes the page of a run on text: one file, nothing from the network.
 *
 * @param data see {@link TextReportData}
 * @returns HTML
 */
export async function renderTextReport(data: TextReportData): Promise<string> {
  const { run, result } = data;
  const { task, encoder, batchSize, accumulate, length } = run.settings;
  const body = html`<p class="soft">
      ${encoder}, ${result.epochs} ${result.epochs === 1 ? 'epoch' : 'epochs'} over ${run.dataset.train} sequences of ${length} tokens,
      ${batchSize * accumulate} in an update, ${run.backend}.
      ${run.dataset.test > 0 && `${run.dataset.test} sequences were held out; nothing was learned from them.`}
    </p>
    ${textCards(data)} ${await textCurves(data)} ${filledTexts(data)} ${await fineTuned(data)} ${textTables(data)}`;
  return renderPage({ title: `${TASKS[task] ?? task} on ${run.dataset.name}`, body });
}

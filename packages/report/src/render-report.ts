import type { ReportData } from '@selfsup/pretrain';
import { markup, raw } from './html.ts';
import { script, scriptHash } from './script.ts';
import { renderSections } from './sections/render-sections.ts';
import { style } from './style.ts';

/** The browser itself refuses everything from the network, and every script but the page's own. */
const POLICY = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${scriptHash}'; base-uri 'none'; form-action 'none'`;

/**
 * Writes a report as one HTML page: nothing comes from the network, light and dark follow the reader's system, and it can be read on a phone.
 *
 * @param data title, summary and sections; all strings may come from anywhere and are shown as text. Sections with nothing in them are left out, and so is what
 * cannot be drawn: points that are not finite, pictures that are not `data:` URIs of images. The n-th `faint` series of a chart has the color of its n-th line. The
 * pieces of a text are joined as they are, with the white space in them.
 * @returns the page; the same data give the same page
 * @throws SelfsupError `SELFSUP_OPTION` naming a section of a kind that there is not, or one that does not have what its kind needs
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { renderReport } from '@selfsup/report';
 *
 * const numbers = [{ label: 'kNN accuracy', value: '63.7 %', main: true }];
 * const page = await renderReport({ title: 'My run', summary: 'Ten epochs.', sections: [{ kind: 'numbers', numbers }] });
 * await writeFile('report.html', page);
 * ```
 */
export async function renderReport(data: ReportData): Promise<string> {
  const { title, summary, sections } = data;
  const body = await renderSections(sections);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<title>${title} · selfsup</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${summary !== '' && markup`<p class="soft">${summary}</p>`}
${body.map((part) => markup`${part}\n`)}</main>
<script>${raw(script)}</script>
</body>
</html>
`;
  return page.html;
}

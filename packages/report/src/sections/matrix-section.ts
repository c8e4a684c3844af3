import { markup, raw, type Html } from '../html.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

/** A table of counts by two names, each cell as dark as its share of its row: what is on the diagonal in one color, what is beside it in another. */
export function matrixSection(section: SectionOf<'matrix'>): Html | undefined {
  const { names, values, rowName, columnName, title } = section;
  if (names.length === 0 || values.every((row) => row.every((value) => value === 0))) return undefined;
  if (values.length !== names.length || values.some((row) => row.length !== names.length))
    throw new Error(`\`values\` must be ${names.length} rows of ${names.length} numbers, one for each of \`names\``);
  const cell = (value: number, { row, column, total }: { row: number; column: number; total: number }) => {
    const share = total > 0 && Number.isFinite(value) ? Math.max(0, Math.min(1, value / total)) : 0;
    const kind = value === 0 ? 'none' : row === column ? 'right' : 'wrong';
    const said = `${rowName} ${names[row]!}, ${columnName} ${names[column]!}: ${value}`;
    return markup`<td class="${kind}" style="${raw(`--share:${share.toFixed(3)}`)}" title="${said}">${value.toLocaleString('en-US')}</td>`;
  };
  const body = values.map((row, i) => {
    const total = row.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0);
    return markup`<tr><th scope="row" title="${names[i]}">${names[i]}</th>${row.map((value, j) => cell(value, { row: i, column: j, total }))}</tr>`;
  });
  return markup`<section>${heading(section)}<div class="scroll" tabindex="0" role="group" aria-label="${title}"><table class="matrix"><thead><tr><th class="side">${rowName} ↓ · ${columnName} →</th>${names.map((name) => markup`<th scope="col" title="${name}"><span>${name}</span></th>`)}</tr></thead><tbody>${body}</tbody></table></div></section>`;
}

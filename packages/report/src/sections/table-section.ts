import { markup, type Html } from '../html.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

/** How many columns a table has. */
export const columnsOf = ({ columns = [], rows }: SectionOf<'table'>): number =>
  rows.reduce((most, row) => Math.max(most, row.length), columns.length);

/** Cells of at most so many signs stay in one line. */
const SHORT = 24;

/** A table whose first column names the rows. */
export function tableSection(section: SectionOf<'table'>): Html | undefined {
  const { title, columns, rows } = section;
  if (rows.length === 0) return undefined;
  const count = columnsOf(section);
  const cells = (row: readonly string[]) => Array.from({ length: count - 1 }, (_, i) => markup`<td>${row[i + 1]}</td>`);
  const head =
    columns &&
    columns.length > 0 &&
    markup`<thead><tr>${Array.from({ length: count }, (_, i) => markup`<th scope="col">${columns[i]}</th>`)}</tr></thead>`;
  const body = rows.map((row) => markup`<tr><th scope="row">${row[0]}</th>${cells(row)}</tr>`);
  const wide = count > 2;
  const short = rows.every((row) => row.slice(1).every((text) => text.length <= SHORT));
  return markup`<section class="${wide && 'wide'}${wide && short && ' short'}">${heading(section)}<div class="scroll"${wide && markup` tabindex="0" role="region" aria-label="${title}"`}><table>${head}<tbody>${body}</tbody></table></div></section>`;
}

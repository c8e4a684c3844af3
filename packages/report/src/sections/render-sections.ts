import { SelfsupError } from '@selfsup/core';
import type { Section } from '@selfsup/pretrain';
import { markup, type Html } from '../html.ts';
import { chartsSection } from './charts-section.ts';
import { gallerySection } from './gallery-section.ts';
import { mapSection } from './map-section.ts';
import { matrixSection } from './matrix-section.ts';
import { noticeSection } from './notice-section.ts';
import { numbersSection } from './numbers-section.ts';
import type { SectionOf } from './section-of.ts';
import { columnsOf, tableSection } from './table-section.ts';
import { textsSection } from './texts-section.ts';

/** Each kind of section and what draws it; undefined where there is nothing to show. */
const RENDERERS: { readonly [K in Section['kind']]: (section: SectionOf<K>, id: string) => Html | undefined | Promise<Html | undefined> } =
  {
    numbers: numbersSection,
    notice: noticeSection,
    charts: chartsSection,
    gallery: gallerySection,
    map: mapSection,
    matrix: matrixSection,
    texts: textsSection,
    table: tableSection,
  };

async function renderSection(section: Section, position: number): Promise<Html | undefined> {
  const { kind } = section;
  const who = `renderReport: section ${position + 1}${section.title ? ` (${JSON.stringify(section.title)})` : ''}`;
  if (!Object.hasOwn(RENDERERS, kind))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`kind\` must be one of ${Object.keys(RENDERERS).join(', ')}, got ${JSON.stringify(kind)}`,
    );
  const draw = RENDERERS[kind] as (section: Section, id: string) => Html | undefined | Promise<Html | undefined>;
  try {
    return await draw(section, `s${position}`);
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who} of kind ${kind} cannot be drawn: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/**
 * Renders sections in their order; narrow tables that follow each other stand side by side, and sections with nothing in them are left out.
 *
 * @param sections the parts of a report
 * @returns one piece of markup after the other
 * @throws SelfsupError `SELFSUP_OPTION` of a kind that there is not, or of a section that does not have what its kind needs
 */
export async function renderSections(sections: readonly Section[]): Promise<readonly Html[]> {
  const rendered = await Promise.all(sections.map(renderSection));
  const parts: Html[] = [];
  let beside: Html[] = [];
  const close = () => {
    if (beside.length > 0) parts.push(markup`<div class="tables">${beside}</div>`);
    beside = [];
  };
  rendered.forEach((part, i) => {
    const section = sections[i]!;
    if (!part) return;
    if (section.kind === 'table' && columnsOf(section) <= 2) beside.push(part);
    else {
      close();
      parts.push(part);
    }
  });
  close();
  return parts;
}

import { markup, type Html } from '../html.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

/** The big numbers. */
export function numbersSection(section: SectionOf<'numbers'>): Html | undefined {
  const { numbers } = section;
  if (numbers.length === 0) return undefined;
  const card = ({ label, value, main }: (typeof numbers)[number]) =>
    markup`<div class="card${main === true && ' main'}"><dt>${label}</dt><dd>${value}</dd></div>`;
  return markup`<section>${heading(section)}<dl class="cards">${numbers.map(card)}</dl></section>`;
}

import { markup, type Html } from '../html.ts';
import type { SectionOf } from './section-of.ts';

/** What stands before the title, for those who see the color and those who do not. */
const LEVELS = { good: ['✓', 'Good'], info: ['i', 'Note'], warning: ['!', 'Warning'] } as const;

/** What everybody should read. */
export function noticeSection({ level, title, lines }: SectionOf<'notice'>): Html | undefined {
  if (!title && lines.length === 0) return undefined;
  const [sign, word] = LEVELS[level];
  const label = markup`<span class="hidden">${word}: </span>`;
  const first = title ? markup`<h2>${label}${title}</h2>` : label;
  return markup`<section class="notice ${level}"><span class="sign" aria-hidden="true">${sign}</span><div>${first}${lines.map((line) => markup`<p>${line}</p>`)}</div></section>`;
}

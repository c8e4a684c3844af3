/** Text that is already HTML. */
export interface Html {
  /** The markup. */
  readonly html: string;
}

/** Marks text as HTML that needs no escaping. */
export const raw = (html: string): Html => ({ html });

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for an element or an attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]!);

type Part = Html | string | number | undefined | false | readonly Part[];

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  if ('html' in part) return part.html;
  return part.map(render).join('');
}

/**
 * A template of HTML: what is put in is escaped, unless it is {@link Html} itself; lists are joined, undefined and false vanish.
 *
 * @returns the markup
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return raw(strings.map((text, i) => text + (i < parts.length ? render(parts[i]) : '')).join(''));
}

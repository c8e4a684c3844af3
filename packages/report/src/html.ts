/** Text that is already HTML. */
export interface Html {
  /** The markup. */
  readonly html: string;
}

/** Marks text as HTML that needs no escaping. */
export const raw = (html: string): Html => ({ html });

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for an element or an attribute; control characters, which HTML does not allow, become `�`. */
export const escapeHtml = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  text.replace(/[&<>"']|[\0-\b\v\f\x0e-\x1f\x7f]/g, (sign) => ESCAPES[sign] ?? '\ufffd');

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
 * @remarks Not called `html`, so that no formatter changes the white space in it.
 * @returns the markup
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return raw(strings.map((text, i) => text + (i < parts.length ? render(parts[i]) : '')).join(''));
}

/** Data for the page's script, as an element that nothing in the data can end. */
export const jsonIsland = (data: unknown): Html =>
  raw(`<script type="application/json">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>`);

import type { Findings } from './table.ts';

/** What was found earlier, and what was found now in its place. */
const joined = <T>(earlier: readonly T[], now: readonly T[], keyOf: (one: T) => string): T[] => {
  const all = new Map(earlier.map((one) => [keyOf(one), one]));
  for (const one of now) all.set(keyOf(one), one);
  return [...all.values()];
};

/**
 * Joins what checks of some encoders found.
 *
 * @param earlier what was found before
 * @param now what was found now, which goes before
 * @param options `order`: the names of all consumers, in the order of the table
 * @returns both
 */
export function mergeFindings(earlier: Findings, now: Findings, { order }: { readonly order: readonly string[] }): Findings {
  const ran = now.consumers.filter(({ version }) => version !== undefined);
  const known = joined(joined(now.consumers, earlier.consumers, ({ name }) => name), ran, ({ name }) => name); // prettier-ignore
  return {
    subjects: [...new Set([...earlier.subjects, ...now.subjects])],
    consumers: known.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    cells: joined(earlier.cells, now.cells, ({ subject, consumer, precision = '' }) => [subject, consumer, precision].join('\n')),
    refusals: joined(earlier.refusals, now.refusals, ({ subject, format, precision = '' }) => [subject, format, precision].join('\n')),
    notes: [...new Set([...earlier.notes, ...now.notes])],
  };
}

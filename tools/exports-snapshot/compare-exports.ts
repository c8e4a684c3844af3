import type { EntryExports, ExportsSnapshot } from './read-exports.ts';

const none: EntryExports = { values: [], types: [] };

/** One line per name that came or went between two snapshots; empty when they agree. */
export const compareExports = (saved: ExportsSnapshot, found: ExportsSnapshot): readonly string[] => {
  const lines: string[] = [];
  for (const specifier of [...new Set([...Object.keys(saved), ...Object.keys(found)])].sort()) {
    const before = saved[specifier] ?? none;
    const after = found[specifier] ?? none;
    if (!(specifier in found)) lines.push(`${specifier}: the entry is gone`);
    if (!(specifier in saved)) lines.push(`${specifier}: a new entry`);
    for (const kind of ['values', 'types'] as const) {
      const what = kind === 'values' ? '' : 'type ';
      for (const name of before[kind]) if (!after[kind].includes(name)) lines.push(`${specifier}: - ${what}${name}`);
      for (const name of after[kind]) if (!before[kind].includes(name)) lines.push(`${specifier}: + ${what}${name}`);
    }
  }
  return lines;
};

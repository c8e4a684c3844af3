import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { PlaceFindings } from './findings.ts';
import type { FailureFinding } from './forced-failures.ts';
import { slugOf } from './places.ts';
import { writePage } from './table.ts';

const PAGE = fileURLToPath(new URL('../../docs/backends.md', import.meta.url));
/** The columns of the page: Node first, then browsers, the reference before all. */
const ORDER = ['cpu', 'wasm', 'webgpu', 'tensorflow', 'webgl'];

const rank = ({ place, platform }: PlaceFindings): number => {
  const at = ORDER.findIndex((name) => place.includes(name));
  return (platform.startsWith('Node') ? 0 : 100) + (at < 0 ? ORDER.length : at);
};

/**
 * Keeps what was found now, and gives all that is kept: a place that did not run this time stays as it was.
 *
 * @param folder one file for each place
 * @param now what was found
 * @returns everything, in the order of the page
 */
export function keepFindings(folder: string, now: readonly PlaceFindings[]): PlaceFindings[] {
  mkdirSync(folder, { recursive: true });
  for (const one of now) writeFileSync(join(folder, `${slugOf(one.place)}.json`), JSON.stringify(one));
  const kept = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as PlaceFindings);
  return kept.sort((a, b) => rank(a) - rank(b));
}

/** The folder of the failures that were forced. */
const failuresIn = (folder: string): string => join(folder, 'failures');

/**
 * Keeps what was said when failures were forced.
 *
 * @param folder the same as for the findings
 * @param where `Node`, or the kind of page
 * @param now what was said
 */
export function keepFailures(folder: string, where: string, now: readonly FailureFinding[]): void {
  mkdirSync(failuresIn(folder), { recursive: true });
  writeFileSync(join(failuresIn(folder), `${slugOf(where)}.json`), JSON.stringify(now));
}

function readFailures(folder: string): FailureFinding[] {
  if (!existsSync(failuresIn(folder))) return [];
  const kept = readdirSync(failuresIn(folder)).sort((a, b) => (a === 'node.json' ? -1 : b === 'node.json' ? 1 : a < b ? -1 : 1));
  return kept.flatMap((name) => JSON.parse(readFileSync(join(failuresIn(folder), name), 'utf8')) as FailureFinding[]);
}

/**
 * Writes docs/backends.md from all that is kept.
 *
 * @param folder where it is kept
 */
export async function writeDocument(folder: string): Promise<void> {
  const page = writePage(keepFindings(folder, []), readFailures(folder));
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

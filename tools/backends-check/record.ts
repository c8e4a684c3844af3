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
 * Keeps what was said when a failure was forced.
 *
 * @param folder the same as for the findings
 * @param now what was said
 * @param order its place among the failures of its platform
 */
export function keepFailure(folder: string, now: FailureFinding, order: number): void {
  mkdirSync(failuresIn(folder), { recursive: true });
  const isNode = now.platform.startsWith('Node');
  const name = `${isNode ? 'a node' : 'b page'} ${String(order).padStart(2, '0')} ${now.what}`;
  writeFileSync(join(failuresIn(folder), `${slugOf(name)}.json`), JSON.stringify(now));
}

function readFailures(folder: string): FailureFinding[] {
  if (!existsSync(failuresIn(folder))) return [];
  const kept = readdirSync(failuresIn(folder)).sort();
  return kept.map((name) => JSON.parse(readFileSync(join(failuresIn(folder), name), 'utf8')) as FailureFinding);
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

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { PlaceFindings } from './findings.ts';
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

/**
 * Writes docs/backends.md.
 *
 * @param all what was found everywhere
 */
export async function writeDocument(all: readonly PlaceFindings[]): Promise<void> {
  writeFileSync(PAGE, await format(writePage(all), { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

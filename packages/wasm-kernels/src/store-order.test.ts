import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../assembly');
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'));

/** A store of a vector: where to, and how many bytes behind. */
function storeOf(line = ''): { readonly to: string; readonly offset: number } | undefined {
  const [, to, offset = '0'] = /^\s*v128\.store\(([^,]+), .+?(?:, (\d+))?\);/.exec(line) ?? [];
  return to === undefined ? undefined : { to, offset: Number(offset) };
}

it('of two neighboring vectors the second is stored first, since V8 stores the first one twice otherwise', () => {
  const twice: string[] = [];
  let once = 0;
  for (const name of sources) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    for (const [i, line] of lines.entries()) {
      const [one, next] = [storeOf(line), storeOf(lines[i + 1])];
      if (!one || one.to !== next?.to) continue;
      if (next.offset === one.offset + 16 && one.offset % 32 === 0) twice.push(`${name}:${i + 1}`);
      if (next.offset === one.offset - 16) once++;
    }
  }
  expect(twice).toEqual([]);
  expect(once).toBeGreaterThan(100);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../assembly');
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'));

/** A store of a vector: where to, and how many bytes behind; behind a condition, too. */
function storeOf(line: string): { readonly to: string; readonly offset: number } | undefined {
  const [, to, offset = '0'] = /^\s*(?:if \(.*\) )?v128\.store\(([^,]+), .+?(?:, (\d+))?\);/.exec(line) ?? [];
  return to === undefined ? undefined : { to, offset: Number(offset) };
}

/** The stores of a source, run by run: a run ends with a line that ends or begins a block, and where an address moves. */
function runsOf(lines: readonly string[]): { readonly to: string; readonly offset: number; readonly line: number }[][] {
  const runs: { to: string; offset: number; line: number }[][] = [[]];
  for (const [i, line] of lines.entries()) {
    const store = storeOf(line);
    if (store) runs.at(-1)!.push({ ...store, line: i + 1 });
    else if (/[{}]\s*$|\w \+?= |\+\+/.test(line) && !/^\s*(?:const|let) /.test(line)) runs.push([]);
  }
  return runs;
}

it('of two neighboring vectors the second is stored first, since V8 stores the first one twice otherwise', () => {
  const twice: string[] = [];
  let once = 0;
  for (const name of sources) {
    for (const run of runsOf(readFileSync(join(folder, name), 'utf8').split('\n'))) {
      for (const [i, one] of run.entries()) {
        if (one.offset % 32 !== 0) continue;
        const behind = run.findIndex(({ to, offset }) => to === one.to && offset === one.offset + 16);
        if (behind > i) twice.push(`${name}:${one.line}`);
        else if (behind >= 0) once++;
      }
    }
  }
  expect(twice).toEqual([]);
  expect(once).toBeGreaterThan(100);
});

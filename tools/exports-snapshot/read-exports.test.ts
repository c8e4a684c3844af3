import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { compareExports } from './compare-exports.ts';
import { compareApi } from './compare-api.ts';
import { openEntries } from './open-entries.ts';
import { readApi } from './read-api.ts';
import { readExports } from './read-exports.ts';

let root = '';
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const openHouse = (index: string, more: Readonly<Record<string, string>> = {}) => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-exports-'));
  mkdirSync(join(root, 'packages/a/src'), { recursive: true });
  const options = {
    compilerOptions: { module: 'ESNext', moduleResolution: 'bundler', allowImportingTsExtensions: true, noEmit: true, types: [] },
  };
  writeFileSync(join(root, 'tsconfig.base.json'), JSON.stringify(options));
  const exports = {
    '.': { '@selfsup/source': './src/index.ts', import: './dist/index.js' },
    './more': { '@selfsup/source': './src/more.ts' },
    './package.json': './package.json',
  };
  writeFileSync(join(root, 'packages/a/src/more.ts'), 'export {};\n');
  writeFileSync(join(root, 'packages/a/package.json'), JSON.stringify({ name: '@selfsup/a', version: '0.1.0', exports }));
  writeFileSync(
    join(root, 'packages/a/src/b.ts'),
    'export interface Options { n: number }\nexport const run = (o: Options) => o.n;\nexport class Thing {}\n',
  );
  writeFileSync(join(root, 'packages/a/src/index.ts'), index);
  for (const [path, text] of Object.entries(more)) writeFileSync(join(root, 'packages/a/src', path), text);
  return openEntries(root);
};

test('values and types are told apart through re-exports', () => {
  const snapshot = readExports(openHouse("export * from './b.ts';\nexport type { Thing as OnlyAType } from './b.ts';\n"));
  expect(snapshot).toEqual({
    '@selfsup/a': { values: ['Thing', 'run'], types: ['OnlyAType', 'Options'] },
    '@selfsup/a/more': { values: [], types: [] },
  });
});

test('a re-export of nothing is an error', () => {
  expect(() => readExports(openHouse("export { gone } from './b.ts';\n"))).toThrow('@selfsup/a: exports `gone`, which does not exist');
});

test('an added and a removed name are both reported', () => {
  const changes = compareExports({ a: { values: ['x'], types: ['T'] } }, { a: { values: ['y'], types: ['T'] } });
  expect(changes).toEqual(['a: - x', 'a: + y']);
});

test('declarations are those that users get: types that were inferred, no comments, sorted, each once', async () => {
  const index = "export { run as go, Options } from './b.ts';\n/** Words. */\nexport const pair = [1, 'a'] as const;\n";
  const api = await readApi(openHouse(index, { 'more.ts': "export { run } from './b.ts';\nexport type One = 1;\n" }));
  expect([...api.keys()]).toEqual(['a']);
  expect(api.get('a')).toContain(`## @selfsup/a

\`\`\`ts
export interface Options {
  n: number;
}

export const run: (o: Options) => number;
export { run as go };

export const pair: readonly [1, 'a'];
\`\`\`

## @selfsup/a/more

\`\`\`ts
export type One = 1;

export { run } from '@selfsup/a';
\`\`\`
`);
});

test('a changed type shows although no name changed', async () => {
  const read = async (type: string) => {
    const text = (await readApi(openHouse(`export interface O { n: ${type} }\nexport const a = 1;\n`))).get('a')!;
    rmSync(root, { recursive: true, force: true });
    return text;
  };
  const [before, after] = [await read('number'), await read('string')];
  expect(compareApi(before, before)).toEqual([]);
  expect(compareApi(before, after)).toEqual(['@selfsup/a: export interface O: changed']);
  expect(compareApi('', after)).toEqual(['@selfsup/a: export const a: new', '@selfsup/a: export interface O: new']);
});

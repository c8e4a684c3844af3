import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { compareExports } from './compare-exports.ts';
import { readExports } from './read-exports.ts';

let root = '';
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const house = (index: string): string => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-exports-'));
  mkdirSync(join(root, 'packages/a/src'), { recursive: true });
  const options = { compilerOptions: { module: 'ESNext', moduleResolution: 'bundler', allowImportingTsExtensions: true, noEmit: true } };
  writeFileSync(join(root, 'tsconfig.base.json'), JSON.stringify(options));
  const exports = { '.': { '@selfsup/source': './src/index.ts', import: './dist/index.js' }, './package.json': './package.json' };
  writeFileSync(join(root, 'packages/a/package.json'), JSON.stringify({ name: '@selfsup/a', version: '0.1.0', exports }));
  writeFileSync(
    join(root, 'packages/a/src/b.ts'),
    'export interface Options { n: number }\nexport const run = (o: Options) => o.n;\nexport class Thing {}\n',
  );
  writeFileSync(join(root, 'packages/a/src/index.ts'), index);
  return root;
};

test('values and types are told apart through re-exports', () => {
  const snapshot = readExports(house("export * from './b.ts';\nexport type { Thing as OnlyAType } from './b.ts';\n"));
  expect(snapshot).toEqual({ '@selfsup/a': { values: ['Thing', 'run'], types: ['OnlyAType', 'Options'] } });
});

test('a re-export of nothing is an error', () => {
  expect(() => readExports(house("export { gone } from './b.ts';\n"))).toThrow('@selfsup/a: exports `gone`, which does not exist');
});

test('an added and a removed name are both reported', () => {
  const changes = compareExports({ a: { values: ['x'], types: ['T'] } }, { a: { values: ['y'], types: ['T'] } });
  expect(changes).toEqual(['a: - x', 'a: + y']);
});

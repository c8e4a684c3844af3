import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkPackageGraph } from './check-package-graph.ts';

const doors = {
  '@selfsup/core': [],
  '@selfsup/losses': ['@selfsup/core'],
  '@selfsup/trainer': ['@selfsup/core'],
  '@selfsup/pretext-tasks': ['@selfsup/core'],
  selfsup: 'everything',
} as const;
const roots: string[] = [];

const house = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'selfsup-graph-'));
  roots.push(root);
  const manifest = (name: string, more: object = {}) => JSON.stringify({ name, version: '0.1.0', ...more });
  const all: Record<string, string> = {
    'core/package.json': manifest('@selfsup/core', { peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' } }),
    'core/src/index.ts': "export { shape } from './shape.ts';\n",
    'core/src/shape.ts': "import * as tf from '@tensorflow/tfjs-core';\nexport const shape = (x: tf.Tensor) => x.shape;\n",
    'losses/package.json': manifest('@selfsup/losses', { dependencies: { '@selfsup/core': '^0.1.0' } }),
    'losses/src/index.ts': "import { shape } from '@selfsup/core';\nexport { shape };\n",
    'trainer/package.json': manifest('@selfsup/trainer', {
      dependencies: { '@selfsup/core': '^0.1.0' },
      devDependencies: { '@selfsup/losses': '^0.1.0' },
    }),
    'trainer/src/index.ts': 'export {};\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    const file = join(root, 'packages', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
};

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const offences = (files: Readonly<Record<string, string>>) => checkPackageGraph(house(files), { doors }).problems;

test('a house with imports through its doors only is clean', () => {
  expect(offences({})).toEqual([]);
});

test.each([
  ['import', "import { fit } from '@selfsup/trainer';\nexport { fit };\n"],
  ['type-only import', "import type { fit } from '@selfsup/trainer';\nexport type F = typeof fit;\n"],
  ['re-export', "export * from '@selfsup/trainer';\n"],
  ['dynamic import', "export const load = () => import('@selfsup/trainer');\n"],
  ['import type node', "export type F = import('@selfsup/trainer').F;\n"],
])('a forbidden %s is rejected, with its place', (_, text) => {
  expect(offences({ 'losses/src/index.ts': text })).toEqual([
    'packages/losses/src/index.ts:1: @selfsup/losses may not import @selfsup/trainer (tools/package-graph/doors.ts)',
  ]);
});

test('a forbidden dependency in package.json is rejected even when no file uses it', () => {
  const manifest = JSON.stringify({
    name: '@selfsup/losses',
    version: '0.1.0',
    dependencies: { '@selfsup/core': '^0.1.0', '@selfsup/trainer': '^0.1.0' },
  });
  expect(offences({ 'losses/package.json': manifest })).toContain(
    '@selfsup/losses: package.json lists @selfsup/trainer in dependencies: no such door',
  );
});

test('an import that package.json does not list is rejected', () => {
  const [problem] = offences({ 'core/src/shape.ts': "import { z } from 'zod';\nexport const shape = z;\n" });
  expect(problem).toContain("`zod` is not among the dependencies of @selfsup/core's package.json");
});

test('a test may import development dependencies and backends, and nothing else', () => {
  const allowed = "import '@selfsup/losses';\nimport '@selfsup/backends';\nimport 'vitest';\nimport '../fixtures/x.json';\n";
  expect(offences({ 'trainer/src/fit.test.ts': allowed })).toEqual([]);
  expect(offences({ 'losses/src/index.test.ts': "import '@selfsup/trainer';\n" })).toHaveLength(1);
  expect(offences({ 'trainer/src/fit.test.ts': "import '../../core/src/shape.ts';\n" })).toHaveLength(1);
});

test('what build:assets writes may be imported', () => {
  expect(offences({ 'core/src/a.ts': "export const load = () => import('../assets/a.mjs');\n" })).toEqual([]);
});

test('a circle of packages is found', () => {
  const manifest = JSON.stringify({
    name: '@selfsup/core',
    version: '0.1.0',
    peerDependencies: { '@tensorflow/tfjs-core': '*' },
    devDependencies: { '@selfsup/losses': '*' },
  });
  expect(offences({ 'core/package.json': manifest }).join()).toContain('@selfsup/core → @selfsup/losses → @selfsup/core');
});

test.each([
  ['default export', 'core/src/a.ts', 'export default 1;\n', 'default export'],
  ['default through a specifier', 'core/src/a.ts', 'const a = 1;\nexport { a as default };\n', 'default export'],
  ['forbidden file name', 'core/src/utils.ts', 'export {};\n', 'name the file after the one concept'],
  ['import without .ts', 'core/src/a.ts', "export * from './shape';\n", 'must end in .ts'],
  ['import out of src', 'core/src/a.ts', "export * from '../../losses/src/index.ts';\n", 'leaves src/'],
  ['bare Node module', 'core/src/a.ts', "import fs from 'fs';\nexport const f = fs;\n", 'write node:fs'],
])('%s is rejected', (_, path, text, message) => {
  expect(offences({ [path]: text }).join('\n')).toContain(message);
});

test('a file of more than 300 lines is a warning and no offence', () => {
  const lines = (count: number) => checkPackageGraph(house({ 'core/src/a.ts': 'export {};\n'.repeat(count) }), { doors });
  expect(lines(300)).toEqual({ problems: [], warnings: [] });
  expect(lines(301)).toEqual({ problems: [], warnings: ['packages/core/src/a.ts: 301 lines: does it hold one concept?'] });
});

test.each([
  ['import', "import { b } from './b.ts';\nexport const a = b;\n"],
  ['type-only import', "import type { B } from './b.ts';\nexport type A = B;\n"],
  ['re-export', "export * from './b.ts';\n"],
  ['dynamic import', "export const load = () => import('./b.ts');\n"],
])('files in a circle through a %s are rejected', (_, text) => {
  const back = "import type { A } from './a.ts';\nexport const b = 1;\nexport type B = A;\n";
  expect(offences({ 'core/src/a.ts': text, 'core/src/b.ts': back })).toEqual([
    '@selfsup/core: 2 files import each other in a circle: a.ts → b.ts → a.ts',
  ]);
});

test('of a larger knot the shortest way is shown, and all files', () => {
  const files = {
    'core/src/a.ts': "export * from './b.ts';\n",
    'core/src/b.ts': "export * from './ops/c.ts';\n",
    'core/src/ops/c.ts': "export * from '../a.ts';\nexport * from '../b.ts';\n",
  };
  expect(offences(files)).toEqual([
    '@selfsup/core: 3 files import each other in a circle: b.ts → ops/c.ts → b.ts; all of them: a.ts, b.ts, ops/c.ts',
  ]);
});

test('a package without a row in the table is rejected', () => {
  expect(offences({ 'new/package.json': '{"name":"@selfsup/new","version":"0.1.0"}', 'new/src/index.ts': 'export {};\n' })[0]).toContain(
    'not in tools/package-graph/doors.ts',
  );
});

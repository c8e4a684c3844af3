import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkPackageGraph, packageGraphHints } from './check-package-graph.ts';

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

const offences = (files: Readonly<Record<string, string>>) => checkPackageGraph(house(files), doors);
const hints = (files: Readonly<Record<string, string>>) => packageGraphHints(house(files));

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
  ['long file', 'core/src/a.ts', 'export {};\n'.repeat(251), '251 lines, at most 250'],
  ['import without .ts', 'core/src/a.ts', "export * from './shape';\n", 'must end in .ts'],
  ['import out of src', 'core/src/a.ts', "export * from '../../losses/src/index.ts';\n", 'leaves src/'],
  ['bare Node module', 'core/src/a.ts', "import fs from 'fs';\nexport const f = fs;\n", 'write node:fs'],
])('%s is rejected', (_, path, text, message) => {
  expect(offences({ [path]: text }).join('\n')).toContain(message);
});

test('core is measured in lines of code: comments and blank lines are free', () => {
  const body = (lines: number) => `${'/** Words. */\n\n'.repeat(60)}${'export const a = 1;\n'.repeat(lines)}`;
  const files = (lines: number, folder = 'core/src') =>
    Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => [`${folder}/a${String(i)}.ts`, body(lines)]));
  expect(offences(files(90))).toEqual([]);
  expect(offences(files(100)).join()).toContain('@selfsup/core: 1003 lines of code in its contract, at most 1000');
  expect(offences({ ...files(90), ...files(90, 'core/src/ops') })).toEqual([]);
  expect(offences(files(101, 'core/src/ops')).join()).toContain('@selfsup/core: 1010 lines of code in its ops, at most 1000');
});

test('a task whose `create` does not fit on a screen gets a hint, which is no offence', () => {
  const task = (lines: number) => {
    const body = '        const a = 1; // and so on\n'.repeat(lines - 2);
    const text = `export const task = () => ({\n  name: 'moco',\n  create() {\n${body}  },\n});\n`;
    const manifest = JSON.stringify({ name: '@selfsup/pretext-tasks', version: '0.1.0' });
    return { 'pretext-tasks/package.json': manifest, 'pretext-tasks/src/moco.ts': text, 'pretext-tasks/src/moco.test.ts': text };
  };
  expect(hints(task(60))).toEqual([]);
  expect(hints(task(61))).toEqual(['packages/pretext-tasks/src/moco.ts:3: `create` has 61 lines, more than a screen']);
  expect(offences(task(61))).toEqual([]);
});

test('a package without a row in the table is rejected', () => {
  expect(offences({ 'new/package.json': '{"name":"@selfsup/new","version":"0.1.0"}', 'new/src/index.ts': 'export {};\n' })[0]).toContain(
    'not in tools/package-graph/doors.ts',
  );
});

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPackageGraph, type GraphReport } from '../package-graph/check-package-graph.ts';
import { doors } from '../package-graph/doors.ts';
import { readJson, readPackages, workspaceRoot, type PackageManifest } from '../workspace/packages.ts';
import { camelCase, pascalCase, titleCase, whyNotAName } from './names.ts';
import { newPackage } from './new-package.ts';
import { newTask } from './new-task.ts';

let root = '';
const about = (name: string, { problems }: GraphReport) => problems.filter((line) => line.includes(name));
const text = (path: string) => readFileSync(join(root, path), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-new-'));
  mkdirSync(join(root, '.changeset'));
  for (const path of [
    '.size-limit.json',
    '.prettierrc.json',
    'tools/package-graph/doors.ts',
    'packages/core',
    'packages/losses',
    'packages/pretext-tasks',
    'packages/pretrain',
  ]) {
    cpSync(join(workspaceRoot, path), join(root, path), {
      recursive: true,
      filter: (from) => !/(dist|coverage|node_modules|fixtures)$/.test(from),
    });
  }
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('a new package has the common shape, a door to core, a size limit and a changeset', async () => {
  const written = await newPackage(root, 'token-views', { description: 'Views of token sequences' });
  for (const path of written) expect(existsSync(join(root, path)), path).toBe(true);
  const shape = [
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'tsconfig.json',
    'tsup.config.ts',
    'vitest.config.ts',
    'src/index.ts',
  ];
  for (const file of shape) expect(existsSync(join(root, 'packages/token-views', file)), file).toBe(true);
  expect(text('tools/package-graph/doors.ts')).toContain("'@selfsup/token-views': ['@selfsup/core'],\n  selfsup: 'everything',");
  expect(text('.size-limit.json')).toContain('packages/token-views/dist/index.js');
  expect(text('.changeset/new-token-views.md')).toContain("'@selfsup/token-views': minor");
  expect(about('token-views', checkPackageGraph(root, { doors: { ...doors, '@selfsup/token-views': ['@selfsup/core'] } }))).toEqual([]);
});

test("a new package's manifest agrees with core's in everything but name, text and dependencies", async () => {
  await newPackage(root, 'token-views');
  const own = readJson(join(root, 'packages/token-views/package.json')) as PackageManifest;
  const core = readJson(join(root, 'packages/core/package.json')) as PackageManifest;
  expect(Object.keys(own).filter((key) => !(key in core))).toEqual(['dependencies']);
  expect(own.exports).toEqual(core.exports);
  expect(own.scripts).toEqual(core.scripts);
});

test('a new task has a source, a test, an entry in exports and build, and a changeset', async () => {
  await newTask(root, 'masked-patches');
  expect(text('packages/pretext-tasks/src/masked-patches.ts')).toContain('export function maskedPatches(');
  expect(text('packages/pretext-tasks/src/index.ts')).toContain("from './masked-patches.ts'");
  expect(text('packages/pretext-tasks/tsup.config.ts')).toContain("'src/masked-patches.ts'");
  const pkg = readPackages(root).find(({ name }) => name === '@selfsup/pretext-tasks');
  expect(pkg?.entries.map(({ specifier }) => specifier)).toContain('@selfsup/pretext-tasks/masked-patches');
  expect(Object.keys(pkg?.manifest.exports ?? {}).at(-1)).toBe('./package.json');
  expect(about('masked-patches', checkPackageGraph(root))).toEqual([]);
  expect(text('.changeset/new-task-masked-patches.md')).toContain("'@selfsup/pretrain': minor");
});

test('a new task is known to the command, and is checked by the kit', async () => {
  const written = await newTask(root, 'masked-patches');
  for (const path of written) expect(existsSync(join(root, path)), path).toBe(true);
  expect(text('packages/pretrain/src/image/recipes/masked-patches.ts')).toContain("from '@selfsup/pretext-tasks/masked-patches'");
  const tasks = text('packages/pretrain/src/image/recipes/image-tasks.ts');
  expect(tasks).toContain("import { maskedPatchesTask } from './masked-patches.ts';");
  expect(tasks).toMatch(/inpaintingTask,\s*maskedPatchesTask,\s*\];\s*$/);
  expect(text('packages/pretrain/src/image/image-tasks.test.ts')).toContain("'masked-patches': { momentum: 0.99");
  const rows = text('packages/pretext-tasks/src/conformance.test.ts');
  expect(rows).toContain("import { maskedPatches } from './masked-patches.ts';");
  expect(rows).toContain("row('masked-patches', maskedPatches(");
});

test('two new tasks do not get into each other’s way', async () => {
  await newTask(root, 'first-task');
  await newTask(root, 'second-task');
  expect(text('packages/pretext-tasks/tsup.config.ts')).toMatch(/'src\/first-task\.ts',\s*'src\/second-task\.ts'/);
  expect(text('packages/pretrain/src/image/recipes/image-tasks.ts')).toMatch(/firstTaskTask,\s*secondTaskTask,\s*\];/);
  for (const name of ['first-task', 'second-task'])
    expect(text('packages/pretext-tasks/src/conformance.test.ts')).toContain(`row('${name}',`);
});

test.each(['Upper', 'two--hyphens', '9lives', 'under_score', 'trailing-', '../escape', '', 'utils', 'types'])(
  'the name %j is refused',
  async (name) => {
    expect(whyNotAName(name)).toBeDefined();
    await expect(newPackage(root, name)).rejects.toThrow('new package: ');
    await expect(newTask(root, name)).rejects.toThrow('new task: ');
  },
);

test('an existing name is refused and nothing is written', async () => {
  const before = text('.size-limit.json');
  await expect(newPackage(root, 'losses')).rejects.toThrow('packages/losses exists already');
  await expect(newTask(root, 'simclr')).rejects.toThrow('packages/pretext-tasks/src/simclr.ts exists already');
  expect(text('.size-limit.json')).toBe(before);
  expect(existsSync(join(root, '.changeset/new-losses.md'))).toBe(false);
});

test('names in camelCase and PascalCase, and titles', () => {
  expect([camelCase('mae'), camelCase('masked-tokens-2'), pascalCase('masked-tokens')]).toEqual(['mae', 'maskedTokens2', 'MaskedTokens']);
  expect(titleCase('masked-tokens')).toBe('Masked tokens');
});

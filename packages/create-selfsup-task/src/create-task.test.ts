import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTask, modalities } from './create-task.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'create-selfsup-task-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const at = (folder: string) => join(root, folder);
const read = (folder: string, file: string) => readFileSync(join(at(folder), file), 'utf8');

describe.each(modalities)('a task on %s', (modality) => {
  const create = () => createTask({ folder: at('shuffled-parts'), modality });

  it('is a whole package', () => {
    const { files } = create();
    const onDisk = readdirSync(at('shuffled-parts'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(at('shuffled-parts').length + 1)
          .replaceAll('\\', '/'),
      );
    expect(onDisk.sort()).toEqual(files);
    expect(files).toEqual(
      expect.arrayContaining(['.github/workflows/ci.yml', '.gitignore', 'README.md', 'package.json', 'selfsup.config.ts', 'tsup.config.ts', 'vitest.config.ts', 'src/index.ts', 'src/plugin.ts', 'src/shuffled-parts.ts', 'src/shuffled-parts-recipe.ts', 'src/shuffled-parts.test.ts']), // prettier-ignore
    );
  });

  it('has no placeholder left, and parses', () => {
    for (const file of create().files) {
      const text = read('shuffled-parts', file);
      expect(text, file).not.toMatch(/\{\{[^ ]/);
      expect(file).not.toContain('{{');
      if (!file.endsWith('.ts')) continue;
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, fileName: file });
      expect(diagnostics?.map(({ messageText }) => messageText), file).toEqual([]); // prettier-ignore
    }
  });

  it('names the task where selfsup looks for it', () => {
    create();
    expect(read('shuffled-parts', 'src/shuffled-parts.ts')).toContain(
      'export function shuffledParts(options: ShuffledPartsOptions): PretextTask<',
    );
    expect(read('shuffled-parts', 'src/shuffled-parts.ts')).toContain("name: 'shuffled-parts',");
    expect(read('shuffled-parts', 'src/plugin.ts')).toContain(
      "definePlugin({ name: 'selfsup-task-shuffled-parts', tasks: [shuffledPartsRecipe] })",
    );
    expect(read('shuffled-parts', 'src/shuffled-parts-recipe.ts')).toContain("title: 'Shuffled parts',");
    expect(read('shuffled-parts', 'selfsup.config.ts')).toContain("task: 'shuffled-parts',");
  });

  it('asks for packages that go together, the keyword included', () => {
    create();
    const manifest = JSON.parse(read('shuffled-parts', 'package.json')) as Record<string, Record<string, string>>;
    const { version } = JSON.parse(readFileSync(new URL('../../core/package.json', import.meta.url), 'utf8')) as { version: string };
    expect(manifest['name']).toBe('selfsup-task-shuffled-parts');
    expect(manifest['keywords']).toContain('selfsup-pretext-task');
    expect(manifest['peerDependencies']!['@selfsup/core']).toBe(`^${version}`);
    const listed = { ...manifest['dependencies'], ...manifest['peerDependencies'], ...manifest['devDependencies'] };
    const sources = readdirSync(join(at('shuffled-parts'), 'src')).map((file) => read('shuffled-parts', `src/${file}`));
    const imported = sources.flatMap((text) => [...text.matchAll(/(?:from|import) '([^.'][^']*)'/g)].map(([, specifier]) => specifier));
    for (const specifier of imported) expect(Object.keys(listed)).toContain(specifier);
    // what the tests alone import is not asked of users
    const shipped = { ...manifest['dependencies'], ...manifest['peerDependencies'] };
    for (const file of ['shuffled-parts.ts', 'shuffled-parts-recipe.ts', 'plugin.ts'])
      for (const [, specifier] of read('shuffled-parts', `src/${file}`).matchAll(/from '([^.'][^']*)'/g)) expect(Object.keys(shipped)).toContain(specifier); // prettier-ignore
  });
});

describe('createTask', () => {
  it('takes the name from the option, and the prefix off', () => {
    expect(createTask({ folder: at('a b'), name: 'tico' })).toMatchObject({ name: 'tico', camelName: 'tico', pascalName: 'Tico', package: 'selfsup-task-tico', modality: 'image' }); // prettier-ignore
    expect(createTask({ folder: at('selfsup-task-w-mse') })).toMatchObject({ name: 'w-mse', camelName: 'wMse', title: 'W mse' });
  });

  it('writes into an empty folder', () => {
    mkdirSync(at('empty'));
    expect(createTask({ folder: at('empty') }).files.length).toBeGreaterThan(10);
  });

  it('refuses a folder with something in it, and leaves it as it was', () => {
    mkdirSync(at('full'));
    writeFileSync(join(at('full'), '.env'), 'secret');
    expect(() => createTask({ folder: at('full') })).toThrow(
      'is not empty, ".env" is in it: give a folder that is empty or does not exist yet',
    );
    expect(readdirSync(at('full'))).toEqual(['.env']);
    writeFileSync(at('file'), '');
    expect(() => createTask({ folder: at('file') })).toThrow('is a file');
  });

  it.each(['My-Task', 'two--hyphens', '1st', 'a_b', '', '../up', 'class', 'plugin', 'tf'])('refuses the name %j', (name) => {
    expect(() => createTask({ folder: at('task'), name })).toThrow(/give another one with --name/);
    expect(readdirSync(root)).toEqual([]);
  });

  it('refuses a modality that there is not', () => {
    expect(() => createTask({ folder: at('task'), modality: 'smell' as never })).toThrow('the modality must be image or text, got "smell"');
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { taskNames, type TaskNames } from './task-names.ts';

/** What a task may learn from. */
export const modalities = ['image', 'text'] as const;

/** One of {@link modalities}. */
export type TaskModality = (typeof modalities)[number];

/** Options of {@link createTask}. */
export interface CreateTaskOptions {
  /** Where the package is written: a folder that is empty or does not exist yet. */
  folder: string;
  /** The name of the task in kebab-case; default that of the folder, without `selfsup-task-`. */
  name?: string | undefined;
  /** What it learns from; default `image`. */
  modality?: TaskModality | undefined;
}

/** What {@link createTask} wrote. */
export interface CreatedTask extends TaskNames {
  /** The folder, absolute. */
  readonly folder: string;
  /** What it learns from. */
  readonly modality: TaskModality;
  /** The files in it, with `/` between folders, sorted. */
  readonly files: readonly string[];
}

/** Files that npm and package linters would take for those of this package, by the names that they have in the template. */
const KEPT: Readonly<Record<string, string>> = { _gitignore: '.gitignore', '_package.json': 'package.json' };

/** The root of this package, seen from `src` and from `dist`. */
const root = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Puts names and version ranges into a text of the template. */
function fillIn(text: string, names: TaskNames, ranges: Manifest['devDependencies']): string {
  return text.replace(/\{\{(range:)?([@\w/-]+)\}\}/g, (placeholder, range: string | undefined, key: string) => {
    const value = range ? ranges[key] : (names as unknown as Readonly<Record<string, string>>)[key];
    if (value === undefined) throw new Error(`the template has the placeholder ${placeholder}, which has no value`);
    return value;
  });
}

/**
 * Writes a package with a pretext task of its own: the task, its recipe for `selfsup train`, tests on the conformance kit, an example, a CI workflow.
 *
 * @param options see {@link CreateTaskOptions}
 * @returns see {@link CreatedTask}
 * @throws Error with one line on a folder that is not empty and on a name that cannot be one; nothing is written then
 */
export function createTask(options: CreateTaskOptions): CreatedTask {
  const { modality = 'image' } = options;
  const folder = resolve(options.folder);
  const names = taskNames(options.name ?? basename(folder));
  if (!modalities.includes(modality)) throw new Error(`the modality must be ${modalities.join(' or ')}, got ${JSON.stringify(modality)}`);
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file: give a folder that is empty or does not exist yet`);
    const [first] = readdirSync(folder);
    if (first !== undefined) throw new Error(`${folder} is not empty, ${JSON.stringify(first)} is in it: give a folder that is empty or does not exist yet`); // prettier-ignore
  }
  const { devDependencies: ranges } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const written = new Map<string, string>();
  for (const part of ['common', modality]) {
    const source = join(root, 'template', part);
    for (const file of filesOf(source)) {
      const target = fillIn(file, names, ranges).replace(
        /(^|[\\/])(_gitignore|_package\.json)$/,
        (_, before: string, kept: string) => before + KEPT[kept]!,
      );
      written.set(target, fillIn(readFileSync(join(source, file), 'utf8'), names, ranges));
    }
  }
  for (const [file, text] of written) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return { ...names, folder, modality, files: [...written.keys()].map((file) => file.split(sep).join('/')).sort() };
}

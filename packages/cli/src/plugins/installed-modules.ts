import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string | { readonly default?: string }>>>>;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as PackageFile;
/** Whether this is the source of the package rather than its build. */
const isSource = import.meta.url.endsWith('.ts');

/** The folder of this package. */
function ownFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The entries of a package by the names that they are imported by. */
function entriesOf(name: string, folder: string): [string, string][] {
  return Object.entries(read(join(folder, 'package.json')).exports ?? {}).flatMap(([path, conditions]): [string, string][] => {
    if (typeof conditions === 'string') return [];
    const chosen = (isSource ? conditions['@selfsup/source'] : undefined) ?? conditions['import'];
    const file = typeof chosen === 'object' ? chosen.default : chosen;
    return file === undefined ? [] : [[name + path.slice(1), join(folder, file)]];
  });
}

/**
 * What modules of users may import that have no installation of their own: `selfsup` and its packages, tfjs-core and zod, as they are installed here.
 *
 * @returns files by the names of imports
 */
export function installedModules(): Record<string, string> {
  const own = ownFolder();
  const found = new Map<string, string>([['selfsup', own]]);
  const visit = (folder: string) => {
    const { resolve } = createRequire(join(folder, 'package.json'));
    for (const name of Object.keys(read(join(folder, 'package.json')).dependencies ?? {})) {
      if (!name.startsWith('@selfsup/') || found.has(name)) continue;
      const inside = dirname(resolve(`${name}/package.json`));
      found.set(name, inside);
      visit(inside);
    }
  };
  visit(own);
  const inside = (folder: string, name: string) => dirname(createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`));
  return {
    ...Object.fromEntries([...found].flatMap(([name, folder]) => entriesOf(name, folder))),
    '@tensorflow/tfjs-core': inside(own, '@tensorflow/tfjs-core'),
    zod: inside(found.get('@selfsup/pretrain') ?? own, 'zod'), // recipes describe their options with it
  };
}

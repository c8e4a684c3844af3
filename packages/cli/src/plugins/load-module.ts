import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printable, SelfsupError } from '@selfsup/core';
import { installedModules } from './installed-modules.ts';

/** Whether a name is that of a file rather than of a package or of something registered. */
export const isPath = (name: string): boolean => /^\.{0,2}[\\/]|^\.{1,2}$|\.[cm]?[jt]s$|\.json$/.test(name) || isAbsolute(name);

/** Whether a name can be that of a package. */
const isPackageName = (name: string): boolean => /^(@[\w.~-]+\/)?[\w.~-]+(\/[\w./~-]+)?$/.test(name);

/** What {@link loadModule} is told. */
export interface LoadModuleOptions {
  /** Who asks, such as `--task`, for messages. */
  readonly who: string;
  /** The folder from which paths and packages are looked up. */
  readonly from: string;
}

/** What this command runs on itself is handed to modules as it is: no second copy is loaded, which takes seconds where it has to be transpiled. */
const SHARED = /^@selfsup\/(core|pretrain|encoders|losses|augment|optim|trainer|evaluate|data|pretext-tasks|backends)$/;

async function createLoader(from: string) {
  const { createJiti } = await import('jiti');
  const alias = installedModules();
  const shared = Object.entries(alias).filter(([name]) => SHARED.test(name));
  const virtualModules = Object.fromEntries(
    await Promise.all(
      shared.map(async ([name, file]) => [name, (await import(/* @vite-ignore */ pathToFileURL(file).href)) as object] as const),
    ),
  );
  return createJiti(join(from, 'selfsup.js'), { tryNative: true, alias, virtualModules });
}

function fileOf(name: string, { who, from }: LoadModuleOptions): string {
  const file = resolve(from, name);
  if (existsSync(file) && statSync(file).isFile()) return file;
  throw new SelfsupError('SELFSUP_OPTION', `${who}: there is no file ${printable(name)}`);
}

/**
 * Finds a package that is installed where the user works.
 *
 * @param name the package's name
 * @param from the folder to look from
 * @returns its file; undefined where none is installed
 */
export async function findPackage(name: string, from: string): Promise<string | undefined> {
  if (!isPackageName(name)) return undefined;
  const loader = await createLoader(from);
  return loader.esmResolve(name, { try: true });
}

/**
 * Loads a module of the user, in TypeScript or JavaScript, or a JSON file.
 *
 * @param name a path, or the name of an installed package
 * @param options see {@link LoadModuleOptions}
 * @returns its default export; undefined where it has none
 * @throws SelfsupError `SELFSUP_OPTION` when there is none, or it does not load
 */
export async function loadModule(name: string, options: LoadModuleOptions): Promise<unknown> {
  const { who, from } = options;
  const shown = printable(name);
  const file = isPath(name) ? fileOf(name, options) : await findPackage(name, from);
  if (file === undefined)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: there is no package ${shown} installed here; install it, or give the path of a file`);
  try {
    const loaded: unknown = await (await createLoader(from)).import(file);
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : isJson(file) ? loaded : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw new SelfsupError('SELFSUP_OPTION', `${who}: ${shown} does not load: ${printable(reason)}`, { cause: error });
  }
}

const isJson = (file: string): boolean => file.endsWith('.json');

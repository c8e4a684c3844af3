import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The parts of a package.json that the workshop reads. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One public entry of a package: the specifier that users import and the source file behind it. */
export interface PackageEntry {
  readonly specifier: string;
  readonly source: string;
}

/** One folder of `packages/`. */
export interface WorkspacePackage {
  readonly name: string;
  /** Absolute folder. */
  readonly directory: string;
  readonly manifest: PackageManifest;
  /** Every subpath export that has a source, `.` first. */
  readonly entries: readonly PackageEntry[];
}

/** The root of this checkout. */
export const workspaceRoot = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/** Reads a JSON file; the caller says what it expects in it. */
export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** Reads every package of `<root>/packages`, sorted by folder name. */
export const readPackages = (root: string = workspaceRoot): readonly WorkspacePackage[] =>
  readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'packages', entry.name, 'package.json')))
    .map((entry) => readPackage(join(root, 'packages', entry.name)))
    .sort((a, b) => (a.directory < b.directory ? -1 : 1));

const readPackage = (directory: string): WorkspacePackage => {
  const manifest = readJson(join(directory, 'package.json')) as PackageManifest;
  const entries: PackageEntry[] = [];
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    const source = typeof target === 'object' ? target['@selfsup/source'] : undefined;
    if (typeof source === 'string') entries.push({ specifier: manifest.name + subpath.slice(1), source: join(directory, source) });
  }
  return { name: manifest.name, directory, manifest, entries };
};

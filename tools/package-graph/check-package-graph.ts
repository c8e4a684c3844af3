import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { readPackages, type WorkspacePackage } from '../workspace/packages.ts';
import { doors as workspaceDoors, testDoors, type Doors } from './doors.ts';
import { findCircles, type Graph } from './find-circles.ts';
import { readSourceFacts, type FileImport } from './read-imports.ts';

const forbiddenNames = /^(utils?|helpers?|common|types|misc)\.(test\.)?ts$/;
/** A longer file is worth a second look; it is no offence. See docs/adr/0017-file-circles-and-lengths.md. */
const manyLines = 300;

/** What the check found: `problems` must be mended, `warnings` are printed and let pass. */
export interface GraphReport {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Checks the sources of every package against the doors and the house rules and returns one line per offence;
 * no problems and no warnings mean that all is well.
 */
export const checkPackageGraph = (root: string, { doors = workspaceDoors }: { doors?: Doors } = {}): GraphReport => {
  const packages = readPackages(root);
  const problems = [...checkManifests(packages, doors), ...findPackageCircles(packages)];
  const warnings: string[] = [];
  for (const pkg of packages) {
    const graph = new Map<string, string[]>();
    for (const path of sourceFiles(join(pkg.directory, 'src'))) {
      const where = relative(root, path).split(sep).join('/');
      const facts = readSourceFacts(readFileSync(path, 'utf8'), path);
      const isTest = /\.(test|bench)\.ts$/.test(path);
      if (forbiddenNames.test(basename(path))) problems.push(`${where}: name the file after the one concept in it, not ${basename(path)}`);
      if (facts.lines > manyLines) warnings.push(`${where}: ${facts.lines} lines: does it hold one concept?`);
      for (const line of facts.defaultExports) problems.push(`${where}:${line}: default export; named exports only`);
      for (const found of facts.imports) {
        const problem = isTest ? checkTestImport(found, path, pkg) : checkImport(found, path, pkg, doors);
        if (problem) problems.push(`${where}:${found.line}: ${problem}`);
      }
      const relatives = facts.imports.filter(({ specifier }) => specifier.startsWith('.'));
      graph.set(
        path,
        relatives.map(({ specifier }) => resolve(dirname(path), specifier)),
      );
    }
    problems.push(...describeCircles(graph, pkg));
  }
  return { problems, warnings };
};

/** A type-only import counts, too: files that need each other's types are one concept, or a third one is hidden between them. */
const describeCircles = (graph: Graph, pkg: WorkspacePackage): readonly string[] => {
  const short = (path: string) => relative(join(pkg.directory, 'src'), path).split(sep).join('/');
  return findCircles(graph).map(({ members, path }) => {
    const size = members.length === 1 ? 'a file imports itself' : `${members.length} files import each other in a circle`;
    const more = members.length > path.length - 1 ? `; all of them: ${members.map(short).join(', ')}` : '';
    return `${pkg.name}: ${size}: ${path.map(short).join(' → ')}${more}`;
  });
};

const sourceFiles = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const mayOpen = (from: string, to: string, doors: Doors): boolean => {
  const open = doors[from];
  return open === 'everything' || (open?.includes(to) ?? false);
};

const isHouse = (name: string): boolean => name === 'selfsup' || name.startsWith('@selfsup/');

const checkManifests = (packages: readonly WorkspacePackage[], doors: Doors): readonly string[] => {
  const problems: string[] = [];
  for (const { name, manifest } of packages) {
    if (!(name in doors)) {
      problems.push(`${name}: not in tools/package-graph/doors.ts; say there what it may import`);
      continue;
    }
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies'] as const) {
      for (const dependency of Object.keys(manifest[field] ?? {})) {
        if (isHouse(dependency) && !mayOpen(name, dependency, doors))
          problems.push(`${name}: package.json lists ${dependency} in ${field}: no such door`);
      }
    }
  }
  return problems;
};

/** nx cannot order builds in a circle, so no circle may exist, development dependencies included. */
const findPackageCircles = (packages: readonly WorkspacePackage[]): readonly string[] => {
  const edges = packages.map(({ name, manifest }) => {
    const { dependencies, peerDependencies, devDependencies } = manifest;
    return [name, Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })] as const;
  });
  return findCircles(new Map(edges)).map(({ path }) => `package.json files form a circle: ${path.join(' → ')}`);
};

const checkImport = ({ specifier }: FileImport, path: string, pkg: WorkspacePackage, doors: Doors): string | undefined => {
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(path), specifier);
    if (target.startsWith(join(pkg.directory, 'assets') + sep)) return undefined; // built by build:assets, published beside dist/
    if (!target.startsWith(join(pkg.directory, 'src') + sep)) return `\`${specifier}\` leaves src/: import the other package by its name`;
    return /\.(ts|json)$/.test(specifier) ? undefined : `\`${specifier}\` must end in .ts`;
  }
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? undefined : `\`${specifier}\` is a Node module: write node:${specifier}`;
  const name = packageOf(specifier);
  if (name === pkg.name) return `\`${specifier}\` is this package itself: use a relative import`;
  if (isHouse(name) && !mayOpen(pkg.name, name, doors)) return `${pkg.name} may not import ${name} (tools/package-graph/doors.ts)`;
  const { dependencies, peerDependencies, optionalDependencies } = pkg.manifest;
  if (name in { ...dependencies, ...peerDependencies, ...optionalDependencies }) return undefined;
  return `\`${name}\` is not among the dependencies of ${pkg.name}'s package.json`;
};

const checkTestImport = ({ specifier }: FileImport, path: string, pkg: WorkspacePackage): string | undefined => {
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(path), specifier);
    return target.startsWith(pkg.directory + sep) ? undefined : `\`${specifier}\` leaves the package: import the other package by its name`;
  }
  const name = packageOf(specifier);
  if (isBuiltin(specifier) || name === pkg.name || testDoors.includes(name)) return undefined;
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = pkg.manifest;
  if (name in { ...dependencies, ...peerDependencies, ...optionalDependencies, ...devDependencies }) return undefined;
  return `\`${name}\` is not listed in ${pkg.name}'s package.json: a test may import what devDependencies list`;
};

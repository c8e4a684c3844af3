import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { readPackages, type WorkspacePackage } from '../workspace/packages.ts';
import { doors as workspaceDoors, testDoors, type Doors } from './doors.ts';
import { readSourceFacts, type FileImport } from './read-imports.ts';

const forbiddenNames = /^(utils?|helpers?|common|types|misc)\.(test\.)?ts$/;
const maxLines = 250;
/** Of the contract and its helpers; the fused operations in `ops/` are measured by themselves. See docs/adr/0012-core-and-its-operations.md. */
const maxCoreLines = { contract: 1000, ops: 1000 };
const core = '@selfsup/core';
/** The algorithm of a pretext task, its `create`, should fit on one screen. */
const screenLines = 60;
const tasks = '@selfsup/pretext-tasks';

/**
 * Checks the sources of every package against the doors and the house rules and returns one line per offence;
 * an empty list means that all is well.
 */
export const checkPackageGraph = (root: string, doors: Doors = workspaceDoors): readonly string[] => {
  const packages = readPackages(root);
  const problems = [...checkManifests(packages, doors), ...findCycles(packages)];
  for (const pkg of packages) {
    const codeLines = { contract: 0, ops: 0 };
    for (const path of sourceFiles(join(pkg.directory, 'src'))) {
      const where = relative(root, path).split(sep).join('/');
      const facts = readSourceFacts(readFileSync(path, 'utf8'), path);
      const isTest = /\.(test|bench)\.ts$/.test(path);
      if (!isTest) codeLines[where.includes('/src/ops/') ? 'ops' : 'contract'] += facts.codeLines;
      if (forbiddenNames.test(basename(path))) problems.push(`${where}: name the file after the one concept in it, not ${basename(path)}`);
      if (facts.lines > maxLines) problems.push(`${where}: ${facts.lines} lines, at most ${maxLines}: split it by concept`);
      for (const line of facts.defaultExports) problems.push(`${where}:${line}: default export; named exports only`);
      for (const found of facts.imports) {
        const problem = isTest ? checkTestImport(found, path, pkg) : checkImport(found, path, pkg, doors);
        if (problem) problems.push(`${where}:${found.line}: ${problem}`);
      }
    }
    for (const part of ['contract', 'ops'] as const)
      if (pkg.name === core && codeLines[part] > maxCoreLines[part])
        problems.push(`${core}: ${codeLines[part]} lines of code in its ${part}, at most ${maxCoreLines[part]}`);
  }
  return problems;
};

/** What is worth a second look and nothing more: one line for each. */
export const packageGraphHints = (root: string): readonly string[] =>
  readPackages(root)
    .filter(({ name }) => name === tasks)
    .flatMap(({ directory }) => sourceFiles(join(directory, 'src')))
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => {
      const { creates } = readSourceFacts(readFileSync(path, 'utf8'), path);
      const where = relative(root, path).split(sep).join('/');
      return creates
        .filter(({ lines }) => lines > screenLines)
        .map(({ line, lines }) => `${where}:${line}: \`create\` has ${lines} lines, more than a screen`);
    });

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
const findCycles = (packages: readonly WorkspacePackage[]): readonly string[] => {
  const edges = new Map(
    packages.map(({ name, manifest }) => [
      name,
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies }),
    ]),
  );
  const done = new Set<string>();
  const problems: string[] = [];
  const walk = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) problems.push(`package.json files form a circle: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`);
    if (done.has(name) || path.includes(name)) return;
    for (const next of edges.get(name) ?? []) if (edges.has(next)) walk(next, [...path, name]);
    done.add(name);
  };
  for (const { name } of packages) walk(name, []);
  return problems;
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

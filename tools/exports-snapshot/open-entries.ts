import { join } from 'node:path';
import ts from 'typescript';
import { readPackages, workspaceRoot, type WorkspacePackage } from '../workspace/packages.ts';

/** Every entry of every package in one compiler program. */
export interface OpenEntries {
  readonly packages: readonly WorkspacePackage[];
  readonly program: ts.Program;
}

/** Opens the entries of all packages of `<root>/packages`. Declarations can be emitted from the program. */
export const openEntries = (root: string = workspaceRoot): OpenEntries => {
  const packages = readPackages(root);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    packages.flatMap(({ entries }) => entries.map(({ source }) => source)),
    { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true, removeComments: true },
  );
  return { packages, program };
};

/** What an entry exports: the name, and the symbol behind all re-exports. Throws when a re-export leads to nothing. */
export const exportsOf = (program: ts.Program, { specifier, source }: WorkspacePackage['entries'][number]) => {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  if (!file) throw new Error(`${specifier}: cannot read ${source}`);
  const symbol = checker.getSymbolAtLocation(file);
  return (symbol ? checker.getExportsOfModule(symbol) : [])
    .map((found) => {
      const target = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
      if (checker.isUnknownSymbol(target)) throw new Error(`${specifier}: exports \`${found.name}\`, which does not exist`);
      return { name: found.name, found, target };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

import { join } from 'node:path';
import ts from 'typescript';
import { readPackages, workspaceRoot } from '../workspace/packages.ts';

/** The public names of one entry: what exists at run time, and what exists for the compiler only. */
export interface EntryExports {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** The public names of every entry of every package, keyed by the specifier that users import. */
export type ExportsSnapshot = Readonly<Record<string, EntryExports>>;

/** Asks the compiler what each entry exports. Throws when an entry cannot be read or re-exports something that does not exist. */
export const readExports = (root: string = workspaceRoot): ExportsSnapshot => {
  const entries = readPackages(root).flatMap((pkg) => pkg.entries);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    entries.map((entry) => entry.source),
    { ...options, types: [] },
  );
  const checker = program.getTypeChecker();
  const snapshot: Record<string, EntryExports> = {};
  for (const { specifier, source } of entries) {
    const file = program.getSourceFile(source);
    if (!file) throw new Error(`${specifier}: cannot read ${source}`);
    const symbol = checker.getSymbolAtLocation(file);
    const values: string[] = [];
    const types: string[] = [];
    for (const found of symbol ? checker.getExportsOfModule(symbol) : []) {
      const target = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
      if (checker.isUnknownSymbol(target)) throw new Error(`${specifier}: exports \`${found.name}\`, which does not exist`);
      (target.flags & ts.SymbolFlags.Value && !isTypeOnly(found) ? values : types).push(found.name);
    }
    snapshot[specifier] = { values: values.sort(), types: types.sort() };
  }
  return snapshot;
};

const isTypeOnly = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.some(
    (declaration) => ts.isExportSpecifier(declaration) && (declaration.isTypeOnly || declaration.parent.parent.isTypeOnly),
  ) ?? false;

import ts from 'typescript';
import { exportsOf, type OpenEntries } from './open-entries.ts';

/** The public names of one entry: what exists at run time, and what exists for the compiler only. */
export interface EntryExports {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** The public names of every entry of every package, keyed by the specifier that users import. */
export type ExportsSnapshot = Readonly<Record<string, EntryExports>>;

/** Asks the compiler what each entry exports. Throws when an entry cannot be read or re-exports something that does not exist. */
export const readExports = ({ packages, program }: OpenEntries): ExportsSnapshot => {
  const snapshot: Record<string, EntryExports> = {};
  for (const entry of packages.flatMap(({ entries }) => entries)) {
    const found = exportsOf(program, entry);
    const isValue = ({ found: symbol, target }: (typeof found)[number]) =>
      (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(symbol);
    const names = (wanted: boolean) => found.filter((one) => isValue(one) === wanted).map(({ name }) => name);
    snapshot[entry.specifier] = { values: names(true), types: names(false) };
  }
  return snapshot;
};

const isTypeOnly = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.some(
    (declaration) => ts.isExportSpecifier(declaration) && (declaration.isTypeOnly || declaration.parent.parent.isTypeOnly),
  ) ?? false;

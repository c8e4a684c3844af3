import { basename, resolve, sep } from 'node:path';
import { format } from 'prettier';
import ts from 'typescript';
import type { WorkspacePackage } from '../workspace/packages.ts';
import { exportsOf, type OpenEntries } from './open-entries.ts';

/**
 * The declarations of everything that a package exports, as the compiler writes them for users, without comments, sorted by name.
 *
 * @returns the text of a Markdown file for each package, by the name of the package's folder. A name that several entries export is declared at the first.
 * @throws Error when an entry cannot be read or an exported type cannot be written down
 */
export const readApi = async ({ packages, program }: OpenEntries): Promise<ReadonlyMap<string, string>> => {
  const declarations = createDeclarations(program);
  const texts = new Map<string, string>();
  for (const pkg of packages) texts.set(basename(pkg.directory), await describePackage(pkg, { packages, program }, declarations));
  return texts;
};

type Declarations = (symbol: ts.Symbol, pkg: WorkspacePackage) => string;

const describePackage = async (pkg: WorkspacePackage, { packages, program }: OpenEntries, declarations: Declarations): Promise<string> => {
  const places = new Map<ts.Symbol, string>();
  let text = `# ${pkg.name}\n\nWritten by \`npm run exports -- --update\`. What users can call, and with what: a change here is a change for them.\n`;
  for (const entry of pkg.entries) {
    const code: string[] = [];
    const again = new Map<string, string[]>();
    for (const { name, target } of exportsOf(program, entry)) {
      const place = places.get(target);
      const foreign = place ?? foreignModule(target, pkg, packages);
      if (foreign) again.set(foreign, [...(again.get(foreign) ?? []), name]);
      else code.push(declarations(target, pkg) + (target.name === name ? '' : `\nexport { ${target.name} as ${name} };`));
      if (!place) places.set(target, entry.specifier);
    }
    for (const [from, names] of again) code.push(`export { ${names.join(', ')} } from '${from}';`);
    const pretty = await format(code.join('\n\n'), { parser: 'typescript', singleQuote: true, printWidth: 120 });
    text += `\n## ${entry.specifier}\n\n\`\`\`ts\n${pretty}\`\`\`\n`;
  }
  return text;
};

/** The package that a symbol comes from when this one only passes it on. */
const foreignModule = (symbol: ts.Symbol, pkg: WorkspacePackage, packages: readonly WorkspacePackage[]): string | undefined => {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName;
  if (file === undefined) throw new Error(`${pkg.name}: ${symbol.name} has no declaration`);
  const path = resolve(file);
  if (path.startsWith(pkg.directory + sep)) return undefined;
  const house = packages.find(({ directory }) => path.startsWith(directory + sep));
  return house?.name ?? /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file;
};

/** Finds the statements of a symbol in the declarations that the compiler emits for its file; each file is emitted once. */
const createDeclarations = (program: ts.Program): Declarations => {
  const emitted = new Map<ts.SourceFile, ts.SourceFile>();
  const printer = ts.createPrinter({ removeComments: true });
  const emit = (file: ts.SourceFile, pkg: WorkspacePackage): ts.SourceFile => {
    let text = '';
    const { diagnostics } = program.emit(file, (_, content) => (text = content), undefined, true);
    const [problem] = diagnostics;
    if (problem) throw new Error(`${pkg.name}: ${file.fileName}: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`);
    return ts.createSourceFile(`${file.fileName}.d.ts`, text, ts.ScriptTarget.Latest, true);
  };
  return (symbol, pkg) => {
    const statements: string[] = [];
    for (const file of new Set(symbol.declarations?.map((declaration) => declaration.getSourceFile()))) {
      const declared = emitted.get(file) ?? emit(file, pkg);
      emitted.set(file, declared);
      for (const statement of declared.statements)
        if (namesOf(statement).includes(symbol.name)) statements.push(printer.printNode(ts.EmitHint.Unspecified, statement, declared));
    }
    if (statements.length === 0) throw new Error(`${pkg.name}: no declaration was emitted for ${symbol.name}`);
    return statements.join('\n').replaceAll(/^export declare /gm, 'export ');
  };
};

const namesOf = (statement: ts.Statement): readonly string[] => {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isNamed && statement.name ? [statement.name.text] : [];
};

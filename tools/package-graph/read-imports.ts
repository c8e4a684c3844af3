import ts from 'typescript';

/** One import, re-export, `import()` or `require()` of a file. */
export interface FileImport {
  readonly specifier: string;
  readonly line: number;
}

/** What the package graph needs to know about one source file. */
export interface SourceFacts {
  readonly imports: readonly FileImport[];
  /** Lines of default exports. */
  readonly defaultExports: readonly number[];
  /** All lines of the file. */
  readonly lines: number;
}

/** Parses one TypeScript file without resolving anything. */
export const readSourceFacts = (text: string, fileName: string): SourceFacts => {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const imports: FileImport[] = [];
  const defaultExports: number[] = [];
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;

  const visit = (node: ts.Node): void => {
    const specifier = importedSpecifier(node);
    if (specifier) imports.push({ specifier: specifier.text, line: lineOf(specifier.getStart(file)) });
    if (isDefaultExport(node)) defaultExports.push(lineOf(node.getStart(file)));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { imports, defaultExports, lines: text.replace(/\n$/, '').split('\n').length };
};

const importedSpecifier = (node: ts.Node): ts.StringLiteralLike | undefined => {
  if (
    (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
    node.moduleSpecifier &&
    ts.isStringLiteralLike(node.moduleSpecifier)
  ) {
    return node.moduleSpecifier;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteralLike(node.argument.literal)) {
    return node.argument.literal;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const isImport =
    node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === 'require');
  const [first] = node.arguments;
  return isImport && first && ts.isStringLiteralLike(first) ? first : undefined;
};

const isDefaultExport = (node: ts.Node): boolean =>
  ts.isExportAssignment(node) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default') ||
  (ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) ?? false));

// `npm run docs` writes the API reference of every package into docs-out/; `npm run docs -- --check` only looks for what is missing in it.
// One compiler program for all packages: a program for each of them, as typedoc's packages mode has it, takes three times as long.
import { join } from 'node:path';
import { Application, TypeDocReader } from 'typedoc';
import ts from 'typescript';
import { readPackages, workspaceRoot } from '../workspace/packages.ts';
import { findUndocumented } from './find-undocumented.ts';

/** Their subpaths hold what their index re-exports. */
const oneEntry = ['@selfsup/pretext-tasks'];

const packages = readPackages();
const entries = packages.flatMap(({ name, entries: all }) => (oneEntry.includes(name) ? all.slice(0, 1) : all));
const { config } = ts.readConfigFile(join(workspaceRoot, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)) as { config: unknown };
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, workspaceRoot);
const program = ts.createProgram(
  entries.map(({ source }) => source),
  options,
);

const app = await Application.bootstrap({}, [new TypeDocReader()]);
const project = app.converter.convert(
  entries.map(({ specifier, source }) => ({ displayName: specifier, program, sourceFile: program.getSourceFile(source)! })),
);
app.validate(project);
for (const message of findUndocumented(
  project,
  packages.map(({ name }) => name),
))
  app.logger.validationWarning(message);
if (!process.argv.includes('--check')) await app.generateOutputs(project);
const problems = app.logger.errorCount + app.logger.warningCount + app.logger.validationWarningCount;
console.log(`docs: ${entries.length} entries, ${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;

// Does what each package's README says, as a stranger would: its `npm install …` lines in an empty folder, with packed packages in place of published
// ones, then every `ts` block in a file of its own (Node strips the types). Blocks that need files or variables of the reader are marked ```ts no-run.
// `node tools/scripts/check-readme-installs.mjs [--only losses,optim] [--keep]`; needs `npm run build` first. Prints which README fails, and why.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPackages } from '../workspace/packages.ts';
import { npmCommand, packPackage } from './pack-package.mjs';
import { runCommand } from './run-command.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, keep: { type: 'boolean' } } });
const packages = readPackages().filter(({ manifest }) => !manifest.private);
const only = values.only?.split(',');
const tried = packages.filter(({ directory }) => !only || only.includes(basename(directory)));
const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist')));
if (unbuilt.length > 0) {
  console.error(`check-readme-installs: no dist/ in ${unbuilt.map(({ name }) => name).join(', ')}: run \`npm run build\` first`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'selfsup-readmes-'));
const failures = [];

/** The code blocks of a README in a language, with what else stands behind the opening fence. */
const blocksOf = (text, languages) =>
  [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language))
    .map(([, , mark, code]) => ({ mark: mark.trim(), code }));

/** What the README's `npm install` lines name; the package itself where there is none. */
const installedBy = (readme, name) => {
  const lines = blocksOf(readme, ['sh', 'bash']).flatMap(({ code }) => code.split('\n').filter((line) => /^npm (install|i) \S/.test(line)));
  const names = lines.flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(2)).filter((word) => !word.startsWith('-'));
  return names.length > 0 ? names : [name];
};

/** Packages that a block imports and the README does not install: npm's flat folder may hold them by chance, another installer's does not. */
const missingIn = (code, wanted) =>
  [...code.matchAll(/(?:from|import) '([^'.][^']*)'/g)]
    .map(([, specifier]) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((one) => !one.startsWith('node:') && !wanted.includes(one));

/** What a program said without the places in its stack. */
const messageOf = (output) =>
  output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-12)
    .join('\n');

const tryReadme = async ({ name, directory }, tarballs) => {
  const readme = readFileSync(join(directory, 'README.md'), 'utf8');
  const app = join(folder, basename(directory));
  mkdirSync(app);
  const wanted = installedBy(readme, name);
  const spec = (one) => (tarballs[one] ? `file:${tarballs[one]}` : undefined);
  // what house packages need of each other is not on the registry yet: it comes from tarballs too, but only where something asks for it
  const overrides = Object.fromEntries(Object.keys(tarballs).map((one) => [one, spec(one)]));
  const house = Object.fromEntries(wanted.filter(spec).map((one) => [one, spec(one)]));
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ name: 'reader', private: true, type: 'module', dependencies: house, overrides }, null, 2),
  );
  const [npm, ...first] = npmCommand();
  const others = wanted.filter((one) => !spec(one));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const installed = await runCommand(npm, [...first, 'install', ...quiet, ...others], { cwd: app, timeout: 600_000 });
  if (installed.status !== 0) return [`npm install ${wanted.join(' ')}\n${installed.output.trim()}`];
  const problems = [];
  const blocks = blocksOf(readme, ['ts']);
  for (const [index, { mark, code }] of blocks.entries()) {
    if (mark === 'no-run') continue;
    const missing = missingIn(code, wanted);
    if (missing.length > 0) problems.push(`ts block ${index + 1} imports ${missing.join(', ')}, which no \`npm install\` line names`);
    const file = `block-${index + 1}.ts`;
    writeFileSync(join(app, file), code);
    const { status, output } = await runCommand('node', ['--disable-warning=ExperimentalWarning', file], { cwd: app, timeout: 300_000 });
    if (status !== 0) problems.push(`ts block ${index + 1}, exit ${status}\n${messageOf(output)}`);
  }
  const run = blocks.filter(({ mark }) => mark !== 'no-run').length;
  if (run === 0) problems.push('no ts block to run: a README starts with an example');
  console.log(
    `${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}: ${wanted.length} packages installed, ${run} of ${blocks.length} blocks run`,
  );
  return problems;
};

try {
  const store = join(folder, 'tarballs');
  mkdirSync(store);
  const tarballs = {};
  for (const { name, directory } of packages) tarballs[name] = (await packPackage(directory, store)).tarball;
  for (const pkg of tried) {
    const problems = await tryReadme(pkg, tarballs);
    for (const problem of problems) console.log(`       ${problem.split('\n').join('\n       ')}`);
    if (problems.length > 0) failures.push(pkg.name);
  }
} finally {
  if (values.keep) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? `READMEs: ${tried.length} work` : `READMEs: ${failures.length} fail: ${failures.join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

// Packs every publishable package, installs the tarballs into an empty folder outside the workspace and uses them as a stranger would:
// every entry as ESM and as CJS under each Node that is here, typechecked, short pretraining runs through the packed `selfsup` command, and the example packages
// outside the scope: those whose package.json says how to try them (`"selfsup": { "consumer": { "prepare": "a script of theirs", "train": "flags" } }`) are built,
// packed and installed, and trained with by their name. In a second folder there is nothing but `selfsup` and what it depends on.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, relative } from 'node:path';
import { readJson, readPackages, workspaceRoot } from '../workspace/packages.ts';
import { npmCommand, packPackage } from './pack-package.mjs';
import { runCommand } from './run-command.mjs';

const packages = readPackages().filter(({ manifest }) => !manifest.private);
const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist')));
if (unbuilt.length > 0) {
  console.error(`consumer: no dist/ in ${unbuilt.map(({ name }) => name).join(', ')}: run \`npm run build\` first`);
  process.exit(1);
}
const snapshot = readJson(join(workspaceRoot, 'tools/exports-snapshot/snapshot.json'));
const { devDependencies } = readJson(join(workspaceRoot, 'package.json'));
const folder = mkdtempSync(join(tmpdir(), 'selfsup-consumer-'));
const app = join(folder, 'app');
const tarballs = join(folder, 'tarballs');
let failed = 0;
const say = (ok, what, detail = '') => {
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}${detail && !ok ? `\n${detail.trim()}` : ''}`);
  return ok;
};

/** The Node of this process, and the system's when it is another one: this workspace's node_modules/.bin hides it in PATH. */
const findNodes = async () => {
  const nodes = [{ command: process.execPath, version: process.version }];
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((path) => path && !/node_modules[\\/]\.bin[\\/]?$/.test(path) && !/node-gyp-bin/.test(path));
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const command of folders.map((path) => join(path, executable)).filter((path) => existsSync(path))) {
    const { status, output } = await runCommand(command, ['--version']);
    const version = output.trim();
    if (status === 0 && !nodes.some((node) => node.version === version)) nodes.push({ command, version });
  }
  return nodes;
};

const [npm, ...first] = npmCommand();
const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
const house = {};

/** `npm install` in a folder, of what its package.json lists and of some tarballs. */
const npmInstall = async (what, directory, files = []) => {
  const { status, output } = await runCommand(npm, [...first, 'install', ...quiet, ...files], { cwd: directory });
  return say(status === 0, what, output);
};

const install = async () => {
  mkdirSync(tarballs, { recursive: true });
  cpSync(join(workspaceRoot, 'tools/consumer'), app, { recursive: true });
  for (const { name, directory } of packages) house[name] = `file:${(await packPackage(directory, tarballs)).tarball}`;
  const dependencies = { ...house };
  for (const peer of ['core', 'backend-cpu', 'backend-wasm'])
    dependencies[`@tensorflow/tfjs-${peer}`] = devDependencies[`@tensorflow/tfjs-${peer}`];
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }, null, 2));
  return npmInstall(`npm install of ${packages.length} tarballs`, app);
};

const importEverything = async ({ command, version }) => {
  for (const script of ['import-all.mjs', 'require-all.cjs', 'require-train.cjs']) {
    const { status, output } = await runCommand(command, [script], { cwd: app });
    say(status === 0, `${script} under Node ${version}`, output);
  }
};

const typecheck = async () => {
  const specifiers = Object.keys(snapshot);
  const uses = specifiers.map((specifier, index) => {
    const { values, types } = snapshot[specifier];
    const names = types.map((name) => `export type { ${name} as Type${index}_${name} } from '${specifier}';`);
    return [`import * as entry${index} from '${specifier}';`, ...names, ...values.map((name) => `void entry${index}.${name};`)].join('\n');
  });
  for (const extension of ['mts', 'cts']) writeFileSync(join(app, `every-name.${extension}`), `${uses.join('\n')}\n`);
  for (const project of ['tsconfig.nodenext.json', 'tsconfig.bundler.json']) {
    const { status, output } = await runCommand('tsc', ['-p', project], { cwd: app });
    say(status === 0, `typecheck with ${project}`, output);
  }
};

/** Trains with the packed command of an installation; returns the result, or undefined when there is none. */
const train = async ({ command, version }, where, { title, flags }) => {
  const bin = join(where, 'node_modules/selfsup', readJson(join(where, 'node_modules/selfsup/package.json')).bin.selfsup);
  const out = `runs/${title.replace(/\W+/g, '-')}-${version}`;
  const options = ['--limit', '64', '--epochs', '1', '--batch-size', '16', '--seed', '0', '--backend', 'wasm', '--out', out, '--json'];
  const { status, output } = await runCommand(command, [bin, 'train', ...flags, ...options], { cwd: where, timeout: 180_000 });
  const result = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'result');
  const trained = status === 0 && result?.steps === 4 && Number.isFinite(result.lastLoss) && existsSync(join(where, out, 'report.html'));
  say(trained, `selfsup train, ${title}: 4 steps on wasm under Node ${version}`, `${output}\n(exit ${status})`);
  if (trained) console.log(`       ${JSON.stringify({ loss: result.lastLoss, seconds: result.seconds, checkpoint: result.checkpoint })}`);
  return trained ? result : undefined;
};

const simclr = ['--task', 'simclr', '--data', 'shapes', '--encoder', 'conv-net'];

const runCommandLine = async (node) => {
  const bin = join(app, 'node_modules/selfsup', readJson(join(app, 'node_modules/selfsup/package.json')).bin.selfsup);
  const help = await runCommand(node.command, [bin, '--help'], { cwd: app });
  say(help.status === 0 && help.output.includes('train'), `selfsup --help under Node ${node.version}`, help.output);
  const result = await train(node, app, { title: 'simclr', flags: simclr });
  // NT-Xent is a cross entropy over 31 candidates: positive, and near log 31 after four steps
  if (result) say(result.lastLoss > 0 && result.lastLoss < 2 * Math.log(31), `its loss is that of SimCLR, got ${result.lastLoss}`);
};

/** Builds a package of the examples in a copy that sees nothing of the workspace, packs and installs it, and trains with it. */
const tryExample = async (directory, manifest, nodes) => {
  const { name, selfsup } = manifest;
  const copy = join(app, basename(directory));
  cpSync(directory, copy, {
    recursive: true,
    filter: (path) => !/^(dist|node_modules|coverage|runs|data)$/.test(relative(directory, path)),
  });
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  Object.assign(compilerOptions, { allowImportingTsExtensions: true, erasableSyntaxOnly: true, types: [] });
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] })); // its own is part of the workspace
  mkdirSync(join(copy, 'node_modules'));
  for (const tool of ['tsup', 'typescript'])
    // its tools are ours
    symlinkSync(join(workspaceRoot, 'node_modules', tool), join(copy, 'node_modules', tool), 'junction');
  const built = await runCommand('tsup', [], { cwd: copy });
  if (!say(built.status === 0, `${name}: tsup`, built.output)) return;
  const { tarball } = await packPackage(copy, tarballs);
  if (!(await npmInstall(`${name}: npm install`, app, [tarball]))) return;
  const { prepare, train: flags } = selfsup.consumer;
  if (prepare) {
    const { status, output } = await runCommand(process.execPath, [join(copy, prepare)], { cwd: app });
    if (!say(status === 0, `${name}: ${prepare}`, output)) return;
  }
  for (const node of nodes) await train(node, app, { title: name, flags: flags.split(' ') });
};

/** `npm install selfsup` and nothing else must be enough to train: what it needs comes with it. */
const tryCommandAlone = async (node) => {
  const alone = join(folder, 'alone');
  mkdirSync(alone);
  const { selfsup, ...overrides } = house; // nothing is published yet
  writeFileSync(
    join(alone, 'package.json'),
    JSON.stringify({ name: 'alone', private: true, dependencies: { selfsup }, overrides }, null, 2),
  );
  if (await npmInstall('npm install of selfsup alone', alone)) await train(node, alone, { title: 'selfsup alone', flags: simclr });
};

try {
  const nodes = await findNodes();
  if (await install()) {
    writeFileSync(join(app, 'snapshot.json'), readFileSync(join(workspaceRoot, 'tools/exports-snapshot/snapshot.json')));
    await typecheck();
    for (const node of nodes) {
      await importEverything(node);
      await runCommandLine(node);
    }
    for (const name of readdirSync(join(workspaceRoot, 'examples'))) {
      const directory = join(workspaceRoot, 'examples', name);
      if (!existsSync(join(directory, 'package.json'))) continue; // files alone
      const manifest = readJson(join(directory, 'package.json'));
      if (manifest.selfsup?.consumer) await tryExample(directory, manifest, nodes);
    }
    await tryCommandAlone(nodes[0]);
    const sameStart = (major) => nodes.some(({ version }) => version.startsWith(`v${major}.`));
    if (!sameStart(20)) console.log('skip   Node 20: none in PATH outside node_modules/.bin');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

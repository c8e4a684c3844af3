// Packs every publishable package, installs the tarballs into an empty folder outside the workspace and uses them as a stranger would:
// every entry as ESM and as CJS under each Node that is here, typechecked, and a short pretraining run through the packed `selfsup` command.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
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

const install = async () => {
  mkdirSync(tarballs, { recursive: true });
  cpSync(join(workspaceRoot, 'tools/consumer'), app, { recursive: true });
  const dependencies = {};
  for (const { name, directory } of packages) dependencies[name] = `file:${(await packPackage(directory, tarballs)).tarball}`;
  for (const peer of ['core', 'backend-cpu', 'backend-wasm'])
    dependencies[`@tensorflow/tfjs-${peer}`] = devDependencies[`@tensorflow/tfjs-${peer}`];
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }, null, 2));
  const [npm, ...first] = npmCommand();
  const args = [...first, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const { status, output } = await runCommand(npm, args, { cwd: app });
  return say(status === 0, `npm install of ${packages.length} tarballs`, output);
};

const importEverything = async ({ command, version }) => {
  for (const script of ['import-all.mjs', 'require-all.cjs']) {
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

const runCommandLine = async ({ command, version }) => {
  const bin = join(app, 'node_modules/selfsup', readJson(join(app, 'node_modules/selfsup/package.json')).bin.selfsup);
  const help = await runCommand(command, [bin, '--help'], { cwd: app });
  say(help.status === 0 && help.output.includes('train'), `selfsup --help under Node ${version}`, help.output);
  const out = `runs/${version}`;
  const options = ['--limit', '64', '--epochs', '1', '--batch-size', '16', '--seed', '0', '--backend', 'wasm', '--out', out, '--json'];
  const args = ['train', '--task', 'simclr', '--data', 'shapes', '--encoder', 'conv-net', ...options];
  const { status, output } = await runCommand(command, [bin, ...args], { cwd: app, timeout: 180_000 });
  const result = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'result');
  // NT-Xent is a cross entropy over 31 candidates: positive, and near log 31 after four steps
  const trained = status === 0 && result?.task === 'simclr' && result.steps === 4 && result.loss > 0 && result.loss < 2 * Math.log(31);
  say(trained, `selfsup train: 4 steps of SimCLR on wasm under Node ${version}`, `${output}\n(exit ${status})`);
  if (trained) console.log(`       ${JSON.stringify(result)}`);
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
    const sameStart = (major) => nodes.some(({ version }) => version.startsWith(`v${major}.`));
    if (!sameStart(20)) console.log('skip   Node 20: none in PATH outside node_modules/.bin');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

// Builds the packages from outside, examples/third-party-task and examples/time-series, against packed tarballs in folders of their own, installs what they
// pack beside the packed `selfsup`, and trains with them. `node tools/scripts/try-examples.mjs [--keep]`; needs `npm run build` first. --keep leaves the folder.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readJson, readPackages, workspaceRoot } from '../workspace/packages.ts';
import { npmCommand, packPackage } from './pack-package.mjs';
import { runCommand } from './run-command.mjs';

const { values } = parseArgs({ options: { keep: { type: 'boolean' } } });
const packages = readPackages().filter(({ manifest }) => !manifest.private);
const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist')));
if (unbuilt.length > 0) {
  console.error(`try-examples: no dist/ in ${unbuilt.map(({ name }) => name).join(', ')}: run \`npm run build\` first`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'selfsup-examples-'));
const [npm, ...first] = npmCommand();
const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
let failed = 0;

/** Runs a command; says how it went, with all that was printed where it failed. */
const step = async (title, [command, ...args], cwd, expect = () => true) => {
  const start = performance.now();
  const { status, output } = await runCommand(command, args, { cwd, timeout: 600_000 });
  const ok = status === 0 && expect(output);
  if (!ok) failed += 1;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}, ${seconds} s${ok ? '' : `\n${output.trim()}\n(exit ${status})`}`);
  return ok ? output : undefined;
};

/** Of this workspace or made anew. */
const leftOut = ['node_modules', 'dist', 'data', 'runs', 'coverage', 'tsconfig.json', 'vitest.config.ts'];
const outside = join(workspaceRoot, 'packages/create-selfsup-task/template/common');

/** Copies an example out of the workspace; its dependencies are the tarballs, those that others of them need included. */
const copyOut = (name, tarballs) => {
  const example = join(workspaceRoot, 'examples', name);
  const copy = join(folder, name);
  cpSync(example, copy, { recursive: true, filter: (path) => path.startsWith(join(example, 'src')) || !leftOut.includes(basename(path)) });
  for (const file of ['tsconfig.json', 'vitest.config.ts']) cpSync(join(outside, file), join(copy, file));
  const manifest = readJson(join(example, 'package.json'));
  delete manifest.private;
  manifest.devDependencies['@types/node'] = '^24.0.0';
  for (const tarball of Object.entries(tarballs)) {
    const field = manifest.dependencies[tarball[0]] ? 'dependencies' : 'devDependencies';
    manifest[field][tarball[0]] = `file:${tarball[1]}`;
  }
  writeFileSync(join(copy, 'package.json'), JSON.stringify(manifest, null, 2));
  return copy;
};

/** What a stranger would install: dependencies by version again. */
const packExample = async (name, copy, store) => {
  const manifest = readJson(join(copy, 'package.json'));
  const { dependencies } = readJson(join(workspaceRoot, 'examples', name, 'package.json'));
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, dependencies, devDependencies: {} }, null, 2));
  return [manifest.name, (await packPackage(copy, store)).tarball];
};

const resultOf = (output) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'result');

try {
  const store = join(folder, 'tarballs');
  mkdirSync(store);
  const tarballs = {};
  for (const { name, directory } of packages)
    if (!name.startsWith('create-')) tarballs[name] = (await packPackage(directory, store)).tarball;
  const made = {};
  for (const name of ['third-party-task', 'time-series']) {
    const copy = copyOut(name, tarballs);
    if ((await step(`${name}: npm install`, [npm, ...first, 'install', ...quiet], copy)) === undefined) continue;
    await step(`${name}: npm run typecheck`, [npm, ...first, 'run', 'typecheck'], copy);
    await step(`${name}: npm test`, [npm, ...first, 'test'], copy);
    if ((await step(`${name}: npm run build`, [npm, ...first, 'run', 'build'], copy)) === undefined) continue;
    if (name === 'time-series') await step(`${name}: make-data`, [process.execPath, 'make-data.ts', join(folder, 'app/activities')], copy);
    const [packageName, tarball] = await packExample(name, copy, store);
    made[packageName] = tarball;
  }
  const app = join(folder, 'app');
  mkdirSync(app, { recursive: true });
  const all = Object.fromEntries(Object.entries({ ...tarballs, ...made }).map(([name, tarball]) => [name, `file:${tarball}`]));
  const { devDependencies } = readJson(join(workspaceRoot, 'package.json'));
  const dependencies = { ...all, '@tensorflow/tfjs-core': devDependencies['@tensorflow/tfjs-core'] };
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies }));
  if (
    (await step(`npm install of ${Object.keys(made).join(' and ')} beside selfsup`, [npm, ...first, 'install', ...quiet], app)) !==
    undefined
  ) {
    const bin = join(app, 'node_modules/selfsup', readJson(join(app, 'node_modules/selfsup/package.json')).bin.selfsup);
    const selfsup = [process.execPath, bin];
    const run = ['--epochs', '1', '--seed', '0', '--json'];
    const shapes = ['--task', 'selfsup-task-denoising', '--data', 'shapes', '--limit', '64', '--batch-size', '16', '--encoder', 'conv-net'];
    const trained = await step(
      'selfsup train --task selfsup-task-denoising',
      [...selfsup, 'train', ...shapes, ...run, '--out', 'runs/denoising'],
      app,
      (output) => resultOf(output)?.task === 'denoising' && resultOf(output).steps === 4,
    );
    if (trained) console.log(`       ${JSON.stringify(resultOf(trained))}`);
    const plugin = ['--plugin', 'selfsup-modality-time-series'];
    for (const task of ['series-simclr', 'masked-reconstruction']) {
      const out = `runs/${task}`;
      const series = [...plugin, '--task', task, '--data', 'activities', '--rotation', '60', '--limit', '256'];
      const output = await step(
        `selfsup train ${plugin.join(' ')} --task ${task}`,
        [...selfsup, 'train', ...series, ...run, '--out', out],
        app,
        (printed) => resultOf(printed)?.modality === 'time-series' && resultOf(printed).steps === 2,
      );
      if (!output) continue;
      console.log(`       ${JSON.stringify(resultOf(output))}`);
      for (const file of ['run.json', 'encoder.safetensors', 'report.html'])
        if (!existsSync(join(app, out, file))) {
          failed += 1;
          console.log(`FAILED ${out} has no ${file}`);
        }
      await step(`selfsup evaluate knn --run ${out}`, [...selfsup, 'evaluate', 'knn', '--run', out, ...plugin], app);
      await step(
        `selfsup embed --run ${out}`,
        [...selfsup, 'embed', '--run', out, ...plugin, '--out', 'features.npy', '--limit', '64'],
        app,
      );
    }
  }
} finally {
  if (values.keep) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

// Does what `npm create selfsup-task` and its README promise, with packed packages, outside the workspace: create, npm install, typecheck, test, build, train.
// Then it breaks the image task in five ways, one after the other, and looks whether the conformance tests name each fault.
// `node tools/scripts/try-create-task.mjs [--modality image] [--keep]`; needs `npm run build` first. --keep leaves the folder and says where it is.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { readJson, readPackages } from '../workspace/packages.ts';
import { npmCommand, packPackage } from './pack-package.mjs';
import { runCommand } from './run-command.mjs';

const { values } = parseArgs({ options: { modality: { type: 'string', multiple: true }, keep: { type: 'boolean' } } });
const modalities = values.modality ?? ['image', 'text'];
const packages = readPackages().filter(({ manifest }) => !manifest.private);
const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist')));
if (unbuilt.length > 0) {
  console.error(`try-create-task: no dist/ in ${unbuilt.map(({ name }) => name).join(', ')}: run \`npm run build\` first`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'selfsup-create-'));
const [npm, ...first] = npmCommand();
const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
let failed = 0;

/** Runs npm; says how it went, with all that was printed where it failed. */
const step = async (title, args, cwd) => {
  const start = performance.now();
  const { status, output } = await runCommand(npm, [...first, ...args], { cwd, timeout: 600_000 });
  const ok = status === 0;
  if (!ok) failed += 1;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}, ${seconds} s${ok ? '' : `\n${output.trim()}\n(exit ${status})`}`);
  return ok;
};

const expectFile = (path, title) => {
  const ok = existsSync(path);
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}`);
};

/** What an author may do wrong in the image task: what is written instead of what, and what the conformance tests must say. */
const faults = [
  {
    what: 'a tensor that is kept',
    write: [
      'const projections = views.map((view, i) => {',
      'tf.keep(tf.scalar(1));\n          const projections = views.map((view, i) => {',
    ],
    says: 'a step must leave as many tensors as it found',
  },
  {
    what: 'chance beside the seed',
    write: ['backbone.apply(view, {', 'backbone.apply(tf.add<tf.Tensor4D>(view, Math.random()), {'],
    says: '`embed` twice with one context must give one value',
  },
  {
    what: 'a loss that is not a number',
    write: ['loss: tf.add<tf.Scalar>(alignment,', 'loss: tf.add<tf.Scalar>(tf.log(tf.neg(tf.square(alignment))),'],
    says: 'the loss at step 0 must be finite, got NaN',
  },
  {
    what: 'a head that is left out of `trainable`',
    write: [', projectionHead: projectionHead.trainable }', ' }'],
    says: 'these are in none, so they are neither trained nor saved: float32 [',
  },
  {
    what: 'rows that meet in `embed`',
    write: [
      'return l2Normalize(projectionHead.apply(features,',
      'return l2Normalize(projectionHead.apply(tf.sub<tf.Tensor2D>(features, tf.mean(features, 0, true)),',
    ],
    says: '`embed` must say about each sample what it says alone',
  },
];

/** Writes each fault into the task, runs its tests, and takes it out again. */
const breakTask = async (app) => {
  const file = join(app, 'src/my-image.ts');
  const source = readFileSync(file, 'utf8');
  for (const { what, write, says } of faults) {
    const broken = source.replace(write[0], write[1]);
    writeFileSync(file, broken);
    const { status, output } = await runCommand(npm, [...first, 'test'], { cwd: app, timeout: 600_000 });
    const text = stripVTControlCharacters(output);
    const messages = [...new Set([...text.matchAll(/^ *(?:SelfsupError|\w*Error): (.*)$/gm)].map(([, message]) => message))];
    const ok = broken !== source && status !== 0 && text.includes(says);
    if (!ok) failed += 1;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}: the tests say`);
    for (const message of messages) console.log(`       ${message}`);
    if (!ok) console.log(`       expected: ${says}\n${text.trim().slice(-4000)}`);
  }
  writeFileSync(file, source);
};

/** Nothing is published yet: house packages come from their tarballs, those that others of them need included. */
const useTarballs = (directory, tarballs) => {
  const file = join(directory, 'package.json');
  const manifest = readJson(file);
  for (const [name, tarball] of Object.entries(tarballs)) {
    if (name === 'create-selfsup-task') continue;
    const field = manifest.dependencies?.[name] ? 'dependencies' : 'devDependencies';
    manifest[field][name] = `file:${tarball}`;
  }
  writeFileSync(file, JSON.stringify(manifest, null, 2));
};

try {
  const store = join(folder, 'tarballs');
  mkdirSync(store);
  const tarballs = {};
  for (const { name, directory } of packages) tarballs[name] = (await packPackage(directory, store)).tarball;
  const creator = join(folder, 'creator');
  mkdirSync(creator);
  writeFileSync(join(creator, 'package.json'), JSON.stringify({ name: 'creator', private: true }));
  if (await step('npm install of create-selfsup-task', ['install', ...quiet, tarballs['create-selfsup-task']], creator)) {
    for (const modality of modalities) {
      const app = join(folder, `my-${modality}`);
      const args = ['exec', '--offline', '--', 'create-selfsup-task', app, '--name', `my-${modality}`, '--modality', modality];
      if (!(await step(`create-selfsup-task --modality ${modality}`, args, creator))) continue;
      useTarballs(app, tarballs);
      if (!(await step(`${modality}: npm install`, ['install', ...quiet], app))) continue;
      await step(`${modality}: npm run typecheck`, ['run', 'typecheck'], app);
      await step(`${modality}: npm test`, ['test'], app);
      if (modality === 'image') await breakTask(app);
      await step(`${modality}: npm run build`, ['run', 'build'], app);
      expectFile(join(app, 'dist/index.d.ts'), `${modality}: dist/ has declarations`);
      if (!(await step(`${modality}: npm run train`, ['run', 'train'], app))) continue;
      const run = join(app, `runs/my-${modality}`);
      for (const file of ['run.json', 'report.html']) expectFile(join(run, file), `${modality}: the run has ${file}`);
      if (existsSync(join(run, 'result.json')))
        console.log(`       ${readFileSync(join(run, 'result.json'), 'utf8').replace(/\s+/g, ' ')}`);
    }
  }
} finally {
  if (values.keep) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

// `npm run test:slow`: what takes too long for every change: training and collapse (`*.slow.test.ts`), long fuzzing, large memory,
// and what `npm create selfsup-task` promises, tried with packed packages.
import { readdirSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { readPackages } from '../workspace/packages.ts';
import { nx, reportOf, runStages } from './run-stages.mjs';

const memoryNeeded = 6 * 2 ** 30;
const testsOf = ({ directory }, ending = '.test.ts') =>
  readdirSync(join(directory, 'src'), { recursive: true }).filter((path) => path.endsWith(ending));
const hasSlowTests = (found) => testsOf(found, '.slow.test.ts').length > 0;
const propertyTestsOf = (found) =>
  testsOf(found).filter((path) => readFileSync(join(found.directory, 'src', path), 'utf8').includes("from 'fast-check'"));
const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
const source = (...args) => ['node', '--conditions=@selfsup/source', ...args];

const hasMemory = freemem() >= memoryNeeded;
if (!hasMemory) console.log(`skip   memory: less than ${memoryNeeded / 2 ** 30} GiB are free`);

await runStages([
  [{ name: 'assets', title: 'compiled kernels', run: nx('build:assets') }],
  readPackages()
    .filter(hasSlowTests)
    .map(({ name, directory }) => ({
      name: `tests:${name.split('/').at(-1)}`,
      title: `slow tests of ${name}`,
      run: ['vitest', 'run'],
      cwd: directory,
      env: { SELFSUP_TESTS: 'slow' },
      reports: [{ name, file: reportOf(directory, 'vitest-slow.json') }],
    })),
  readPackages()
    .filter((found) => propertyTestsOf(found).length > 0)
    .map((found) => ({
      name: `properties:${found.name.split('/').at(-1)}`,
      title: `properties of ${found.name}, with the cases of seed ${today}`,
      run: ['vitest', 'run', ...propertyTestsOf(found)],
      cwd: found.directory,
      env: { SELFSUP_PROPERTY_SEED: today },
      reports: [{ name: found.name, file: reportOf(found.directory) }],
    })),
  [
    {
      name: 'fuzz',
      title: 'random cases for every kernel',
      run: source('packages/wasm-kernels/fuzz/fuzz.ts', '--cases', '300', '--seed', '1'),
    },
  ],
  [
    {
      name: 'kills',
      title: 'runs that are killed and resumed',
      run: source('tools/robustness/kills.ts', '--rounds', '200', '--seed', '1'),
    },
    { name: 'damaged', title: 'damaged files of runs', run: source('tools/robustness/damaged.ts', '--rounds', '200', '--seed', '1') },
    {
      name: 'mutated',
      title: 'mutated input of every reader',
      run: source('tools/robustness/mutated.ts', '--cases', '1000', '--seed', '1'),
    },
  ],
  hasMemory ? [{ name: 'memory', title: 'kernels on tensors of 2 GiB', run: source('packages/wasm-kernels/memory/check.ts') }] : [],
  [{ name: 'build', title: 'build of every package', run: nx('build') }],
  [{ name: 'create-task', title: 'npm create selfsup-task', run: ['node', 'tools/scripts/try-create-task.mjs'] }],
]);

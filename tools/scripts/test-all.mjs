// `npm test`: everything that CI does, in one run. Goes on after a failure; the last line is `N passed, N failed`.
// Every vitest test counts as one, and so does every other step. `npm test -- --only lint,tests` runs a part.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPackages, workspaceRoot } from '../workspace/packages.ts';
import { countTests } from './count-tests.mjs';
import { runCommand } from './run-command.mjs';

const nx = (...targets) => ['nx', 'run-many', '-t', ...targets, '--parallel=2', '--output-style=static'];
const packages = readPackages();
const report = (directory) => join(directory, 'coverage', 'vitest.json');
const tested = packages.filter(({ manifest }) => manifest.scripts?.test);

// Steps of one stage run two at a time, stages one after the other.
const stages = [
  [
    { name: 'lint', title: 'eslint over the whole tree', run: ['eslint', '.', '--max-warnings', '0'] },
    { name: 'format', title: 'prettier --check', run: ['prettier', '--check', '--log-level', 'warn', '.'] },
    { name: 'knip', title: 'knip: unused files, exports and dependencies', run: ['knip', '--no-progress', '--no-config-hints'] },
    { name: 'graph', title: 'package graph: only the doors of the architecture', run: ['node', 'tools/package-graph/check.ts'] },
    { name: 'exports', title: 'export snapshots', run: ['node', 'tools/exports-snapshot/check.ts'] },
    { name: 'docs', title: 'API reference: nothing is missing in it', run: ['node', 'tools/docs/build.ts', '--check'] },
    { name: 'options', title: 'docs/options.md: as the schemas say', run: ['node', '--conditions=@selfsup/source', 'tools/scripts/options-table.mjs', '--check'] }, // prettier-ignore
    { name: 'workflows', title: 'GitHub workflows: actionlint and pinned actions', run: ['node', 'tools/scripts/check-workflows.mjs'] },
    { name: 'typecheck-tools', title: 'typecheck of tools', run: ['tsc', '-p', 'tsconfig.json'] },
    {
      name: 'test-tools',
      title: 'tests of tools',
      run: ['vitest', 'run', '--config', 'tools/vitest.config.ts'],
      reports: [{ name: 'tools', file: report(workspaceRoot) }],
    },
  ],
  [{ name: 'typecheck', title: 'typecheck of every package', run: nx('typecheck') }],
  [
    {
      name: 'tests',
      title: 'unit and parity tests of every package',
      run: nx('test'),
      reports: tested.map(({ name, directory }) => ({ name, file: report(directory) })),
    },
  ],
  [
    {
      name: 'tfjs',
      title: "tfjs-core's own tests with our wasm kernels",
      run: ['node', '--conditions=@selfsup/source', 'tools/tfjs-suite/check.ts'],
    },
  ],
  [{ name: 'build', title: 'build of every package', run: nx('build') }],
  [{ name: 'check-package', title: 'publint and attw on every packed package', run: nx('check:package') }],
  [{ name: 'size', title: 'size limits', run: ['size-limit'] }],
  [{ name: 'consumer', title: 'packed packages in an empty folder', run: ['node', 'tools/scripts/consumer.mjs'] }],
];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const names = stages.flat().map(({ name }) => name);
const wanted = values.only?.split(',') ?? names;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`test-all: no step is called ${unknown.join(', ')}. Steps: ${names.join(', ')}`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const finish = (step, status) => {
  if (!step.reports) {
    total[status === 0 ? 'passed' : 'failed'] += 1;
    if (status !== 0) failures.push(step.title);
    return '';
  }
  let failed = 0;
  const lines = step.reports.map(({ name, file }) => {
    const count = countTests(file);
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
    failed += count.failed;
    if (count.failed > 0) failures.push(`${step.title}: ${name}`);
    return `  ${name.padEnd(24)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(4)} failed ${String(count.skipped).padStart(4)} skipped ${count.note}`;
  });
  if (status !== 0 && failed === 0) {
    total.failed += 1;
    failures.push(`${step.title}: exit status ${status} without a failed test`);
  }
  return `${lines.join('\n')}\n`;
};

const runStep = async (step, live) => {
  for (const { file } of step.reports ?? []) rmSync(file, { force: true }); // an nx cache hit puts it back
  const heading = `\n=== ${step.title} ===\n`;
  if (live) process.stdout.write(heading);
  const since = performance.now();
  const [command, ...args] = step.run;
  const { status, output } = await runCommand(command, args, { live });
  if (!live) process.stdout.write(heading + output);
  const summary = finish(step, status);
  process.stdout.write(`${summary}--- ${step.name}: ${status === 0 ? 'ok' : `FAILED (exit ${status})`}, ${seconds(since)}\n`);
};

const start = performance.now();
for (const stage of stages) {
  const queue = stage.filter(({ name }) => wanted.includes(name));
  const live = queue.length === 1;
  const lane = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) await runStep(step, live);
  };
  await Promise.all([lane(), lane()]);
}

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
console.log(`\n${seconds(start)} on Node ${process.version}, ${total.skipped} tests skipped`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

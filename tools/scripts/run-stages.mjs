// Runs the steps of `npm test` and `npm run test:slow`. Goes on after a failure; the last line is `N passed, N failed`.
// Every vitest test counts as one, and so does every other step. `--only lint,tests` runs a part.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countTests } from './count-tests.mjs';
import { workspaceRoot } from '../workspace/packages.ts';
import { runCommand } from './run-command.mjs';

/** An nx command for all packages that have these targets. */
export const nx = (...targets) => ['nx', 'run-many', '-t', ...targets, '--parallel=2', '--output-style=static'];

/** Where the tests of a folder leave their report. */
export const reportOf = (directory, name = 'vitest.json') => join(directory, 'coverage', name);

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs stages one after the other, the steps of each two at a time, and sets the exit code.
 *
 * A step is `{ name, title, run, cwd, env, reports }`: `run` is its command, `reports` are vitest's JSON files, `{ name, file }` each.
 */
export const runStages = async (stages) => {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const names = stages.flat().map(({ name }) => name);
  const wanted = values.only?.split(',') ?? names;
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no step is called ${unknown.join(', ')}. Steps: ${names.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const start = performance.now();
  for (const stage of stages) {
    const queue = stage.filter(({ name }) => wanted.includes(name));
    const live = queue.length === 1;
    const lane = async () => {
      for (let step = queue.shift(); step; step = queue.shift()) await runStep(step, live, total, failures);
    };
    await Promise.all([lane(), lane()]);
  }
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
  console.log(`\n${seconds(start)} on Node ${process.version}, ${total.skipped} tests skipped`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
};

const runStep = async (step, live, total, failures) => {
  for (const { file } of step.reports ?? []) rmSync(file, { force: true }); // an nx cache hit puts it back
  const heading = `\n=== ${step.title} ===\n`;
  if (live) process.stdout.write(heading);
  const since = performance.now();
  const [command, ...args] = step.run;
  const env = { NODE_COMPILE_CACHE: join(workspaceRoot, '.cache/node'), ...step.env }; // hundreds of processes read the same sources
  const { status, output } = await runCommand(command, args, { live, cwd: step.cwd, env });
  if (!live) process.stdout.write(heading + output);
  const summary = count(step, status, total, failures);
  process.stdout.write(`${summary}--- ${step.name}: ${status === 0 ? 'ok' : `FAILED (exit ${status})`}, ${seconds(since)}\n`);
};

/** Adds a step to the total and returns a line for each of its reports. */
const count = (step, status, total, failures) => {
  if (!step.reports) {
    total[status === 0 ? 'passed' : 'failed'] += 1;
    if (status !== 0) failures.push(step.title);
    return '';
  }
  let failed = 0;
  const lines = step.reports.map(({ name, file }) => {
    const found = countTests(file);
    total.passed += found.passed;
    total.failed += found.failed;
    total.skipped += found.skipped;
    failed += found.failed;
    if (found.failed > 0) failures.push([`${step.title}: ${name}`, ...found.failures].join('\n    '));
    const columns = [`${found.passed}`.padStart(5), `${found.failed}`.padStart(4), `${found.skipped}`.padStart(4)];
    return `  ${name.padEnd(24)} ${columns[0]} passed ${columns[1]} failed ${columns[2]} skipped ${found.note}`;
  });
  if (status !== 0 && failed === 0) {
    total.failed += 1;
    failures.push(`${step.title}: exit status ${status} without a failed test`);
  }
  return `${lines.join('\n')}\n`;
};

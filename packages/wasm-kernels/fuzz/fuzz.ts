// Random cases for every kernel of this package, in every build and on one to three threads: `npm run fuzz:kernels -- --cases N --seed S`.
// Progress goes to stderr, failures and the table to stdout; the exit code is 1 if anything is wrong.
import * as tf from '@tensorflow/tfjs-core';
import { caseMakers } from '../test/cases/registry.ts';
import { nameOf, startVariant } from '../test/wasm-under-test.ts';
import { fuzzMaker, type FuzzRow } from './fuzz-maker.ts';
import { readFuzzOptions, type FuzzOptions } from './fuzz-options.ts';

const COLUMNS = ['kernel', 'cases of', 'build', 'cases', 'worst relative error', 'failures', 'seconds'];

function table(rows: readonly FuzzRow[]): string {
  const cells = rows.map(({ maker, variant, cases, worst, failures, seconds }) => [
    maker.kernel,
    maker.title,
    nameOf(variant),
    String(cases),
    worst.toExponential(1),
    String(failures),
    seconds.toFixed(1),
  ]);
  const lines = [COLUMNS, ...cells];
  const widths = COLUMNS.map((_, c) => Math.max(...lines.map((line) => line[c]!.length)));
  return lines.map((line) => line.map((cell, c) => (c < 3 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  ')).join('\n');
}

/** Kernels of the package that no maker covers. */
async function uncovered({ variants }: FuzzOptions): Promise<readonly string[]> {
  const registration = await startVariant(variants[0]!);
  const covered = new Set(caseMakers.map(({ kernel }) => kernel));
  const missing = registration.kernels.filter((kernel) => !covered.has(kernel));
  registration.dispose();
  return missing;
}

async function fuzz(options: FuzzOptions): Promise<boolean> {
  const missing = await uncovered(options);
  for (const kernel of missing) console.log(`FAIL ${kernel} has no cases; add a maker to test/cases/registry.ts`);
  const told = (line: string): void => {
    console.log(line);
  };
  const step = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
    else process.stderr.write(`${line}\n`);
  };
  const rows: FuzzRow[] = [];
  for (const maker of options.makers) rows.push(...(await fuzzMaker(maker, options, { told, step })));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  console.log(`\nseed ${options.seed}, Node ${process.version}\n${table(rows)}`);
  const failures = rows.reduce((sum, row) => sum + row.failures, 0) + missing.length;
  const cases = rows.reduce((sum, row) => sum + row.cases, 0);
  console.log(`\n${cases} cases of ${new Set(rows.map(({ maker }) => maker.kernel)).size} kernels, ${failures} failures`);
  return failures === 0;
}

try {
  tf.enableProdMode();
  process.exitCode = (await fuzz(readFuzzOptions(process.argv.slice(2), caseMakers))) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

// Reads what vitest's JSON reporter wrote: tests that passed, failed and were skipped, and files that could not run at all.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const firstLine = (message) => message.split('\n')[0].slice(0, 200);

/** A line for each failed test of a file: file, test, first line of the reason. */
const failuresOf = (suite) => {
  const failed = (suite.assertionResults ?? []).filter((test) => test.status === 'failed');
  const lines = failed.map((test) => `${basename(suite.name)}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? '')}`);
  return lines.length > 0 ? lines : [`${basename(suite.name)}: ${firstLine(suite.message ?? '')}`];
};

/** Counts the tests of one report, with a line in `failures` for each that failed; a missing or unreadable report counts as one failure, and so does a file that could not be loaded. */
export const countTests = (file) => {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, note: 'wrote no report', failures: [] };
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, note: 'wrote an unreadable report', failures: [] };
  }
  const count = { passed: 0, failed: 0, skipped: 0, note: '', failures: [] };
  for (const suite of report.testResults ?? []) {
    const states = (suite.assertionResults ?? []).map((test) => test.status);
    const failed = states.filter((state) => state === 'failed').length;
    const passed = states.filter((state) => state === 'passed').length;
    count.passed += passed;
    count.skipped += states.length - passed - failed;
    count.failed += suite.status === 'failed' ? Math.max(failed, 1) : failed;
    if (suite.status === 'failed' || failed > 0) count.failures.push(...failuresOf(suite));
  }
  if (report.success === false && count.failed === 0) count.failed = 1;
  if (count.passed + count.failed === 0) return { ...count, failed: 1, note: 'has no tests' };
  return count;
};

// Reads what vitest's JSON reporter wrote: tests that passed, failed and were skipped, and files that could not run at all.
import { existsSync, readFileSync } from 'node:fs';

/** Counts the tests of one report; a missing or unreadable report counts as one failure, and so does a file that could not be loaded. */
export const countTests = (file) => {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, note: 'wrote no report' };
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, note: 'wrote an unreadable report' };
  }
  const count = { passed: 0, failed: 0, skipped: 0, note: '' };
  for (const suite of report.testResults ?? []) {
    const states = (suite.assertionResults ?? []).map((test) => test.status);
    const failed = states.filter((state) => state === 'failed').length;
    const passed = states.filter((state) => state === 'passed').length;
    count.passed += passed;
    count.skipped += states.length - passed - failed;
    count.failed += suite.status === 'failed' ? Math.max(failed, 1) : failed;
  }
  if (report.success === false && count.failed === 0) count.failed = 1;
  if (count.passed + count.failed === 0) return { ...count, failed: 1, note: 'has no tests' };
  return count;
};

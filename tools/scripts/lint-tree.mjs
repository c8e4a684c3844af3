// eslint over the whole tree: one compiler program for all packages, and a cache in .cache/eslint of files whose content has not changed.
// A change can make a finding in a file that was left as it is; only a run without the cache, as in CI, sees that: `npm run lint -- --no-cache`.
import { runCommand } from './run-command.mjs';

const cache = ['--cache', '--cache-strategy', 'content', '--cache-location', '.cache/eslint/'];
const { status } = await runCommand('eslint', ['.', '--max-warnings', '0', ...cache, ...process.argv.slice(2)], {
  env: { SELFSUP_LINT_TREE: '1' },
  live: true,
});
process.exitCode = status;

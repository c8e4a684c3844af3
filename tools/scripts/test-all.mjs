// `npm test`: everything that a change can break. What takes long is in `npm run test:slow`, what needs a browser in `npm run test:browser`.
import { readPackages, workspaceRoot } from '../workspace/packages.ts';
import { nx, reportOf, runStages } from './run-stages.mjs';

const tested = readPackages().filter(({ manifest }) => manifest.scripts?.test);
const prettierCache = ['--cache', '--cache-strategy', 'content', '--cache-location', '.cache/prettier'];

await runStages([
  [
    { name: 'lint', title: 'eslint over the whole tree', run: ['node', 'tools/scripts/lint-tree.mjs'] },
    { name: 'typecheck', title: 'typecheck of every package, the tools and the examples', run: ['tsc', '-p', 'tsconfig.check.json'] },
    { name: 'format', title: 'prettier --check', run: ['prettier', '--check', '--log-level', 'warn', ...prettierCache, '.'] },
    { name: 'docs', title: 'API reference: nothing is missing in it', run: ['node', 'tools/docs/build.ts', '--check'] },
    { name: 'options', title: 'docs/options.md: as the schemas say', run: ['node', '--conditions=@selfsup/source', 'tools/scripts/options-table.mjs', '--check'] }, // prettier-ignore
    { name: 'task-guide', title: 'docs/tasks.md: as recipes and results say', run: ['node', '--conditions=@selfsup/source', 'tools/scripts/task-guide.mjs', '--check'] }, // prettier-ignore
    { name: 'exports', title: 'export snapshots', run: ['node', 'tools/exports-snapshot/check.ts'] },
    {
      name: 'test-tools',
      title: 'tests of tools',
      run: ['vitest', 'run', '--config', 'tools/vitest.config.ts'],
      reports: [{ name: 'tools', file: reportOf(workspaceRoot) }],
    },
    { name: 'knip', title: 'knip: unused files, exports and dependencies', run: ['knip', '--no-progress', '--no-config-hints'] },
    {
      name: 'graph',
      title: 'package graph: only the doors of the architecture, no circles',
      run: ['node', 'tools/package-graph/check.ts'],
    },
    { name: 'workflows', title: 'GitHub workflows: actionlint and pinned actions', run: ['node', 'tools/scripts/check-workflows.mjs'] },
  ],
  [
    {
      name: 'tests',
      title: 'unit and parity tests of every package',
      run: nx('test'),
      reports: tested.map(({ name, directory }) => ({ name, file: reportOf(directory) })),
    },
  ],
  [
    {
      name: 'tfjs',
      title: "tfjs-core's own tests with our wasm kernels",
      run: ['node', '--conditions=@selfsup/source', 'tools/tfjs-suite/check.ts'],
    },
    { name: 'build', title: 'build of every package', run: nx('build') },
  ],
  [
    { name: 'consumer', title: 'packed packages in an empty folder', run: ['node', 'tools/scripts/consumer.mjs'] },
    { name: 'check-package', title: 'publint and attw on every packed package', run: nx('check:package') },
    { name: 'size', title: 'size limits', run: ['size-limit'] },
  ],
]);

// `npm run test:tfjs`: tfjs-core's own tests on the wasm backend, with the stock kernels and with ours. Nothing may fail with ours that passes with stock,
// except what known-differences.json gives a reason for. `-- --only NAME` runs the tests whose names contain NAME, `-- --list` names what ours mend.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { compareRuns, type SuiteResult } from './compare-runs.ts';

const LIMIT = 600_000;

const { values: options } = parseArgs({ options: { only: { type: 'string', default: '' }, list: { type: 'boolean', default: false } } });
const here = (path: string): URL => new URL(path, import.meta.url);
const require = createRequire(import.meta.url);
const tfjsFolder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm')) + sep;
/** Jasmine stays outside the bundle, which is strict code as jasmine's is not. */
const jasmineOutside: Plugin = {
  name: 'jasmine-outside',
  setup(bundle) {
    bundle.onResolve({ filter: /^jasmine-core\// }, ({ path }) => ({ path: require.resolve(path), external: true }));
  },
};
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-tfjs-suite-'));
const program = join(scratch, 'suite.cjs');

function run(kernels: 'stock' | 'ours'): SuiteResult {
  const file = join(scratch, `${kernels}.json`);
  const args = [program, kernels, tfjsFolder, here('../../packages/wasm-kernels/assets/').href, file, options.only];
  const { status, signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: LIMIT, maxBuffer: 2 ** 28 });
  if (status === 0) return JSON.parse(readFileSync(file, 'utf8')) as SuiteResult;
  throw new Error(`test:tfjs: the run with ${kernels} kernels ended with ${String(status ?? signal)}\n${stderr.slice(-2000)}`);
}

try {
  await build({
    entryPoints: [fileURLToPath(here('./suite.mjs'))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'], // one copy of tfjs-core for its tests, its backend and our kernels
    conditions: ['@selfsup/source'],
    ignoreAnnotations: true, // tfjs-core declares its tests free of side effects
    plugins: [jasmineOutside],
    logLevel: 'warning',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  const known = JSON.parse(readFileSync(here('./known-differences.json'), 'utf8')) as Record<string, string>;
  const { tests, passed, mended, known: excused, problems } = compareRuns({ stock: run('stock'), ours: run('ours') }, known);
  if (options.list) for (const name of mended) console.log(`fails with the stock kernels and passes with ours: ${name}`);
  for (const name of excused) console.log(`known difference: ${name}\n    ${known[name]!}`);
  for (const problem of problems) console.log(`FAIL ${problem}`);
  console.log(`\n${tests} tests of tfjs-core: ${passed.stock} pass with the stock kernels, ${passed.ours} with ours`);
  console.log(`${mended.length} mended, ${excused.length} known differences, ${problems.length} failures`);
  process.exitCode = problems.length === 0 && tests > 0 ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

// `npm run test:browser`: what trains in Node must train in a browser, too, and on wasm come to the same bits. Builds examples/browser-training and a page of checks with Vite,
// opens them in a real Chromium, ordinarily and cross-origin-isolated (where the heap of the wasm backend is shared memory), trains by the parts and with
// `pretrain`, on the page and in a worker, asks for two threads everywhere, and compares losses, checkpoint, encoder and features with those of Node, and
// the threads with those that the place can give: two in a worker of an isolated page, else one and the reason. Then it proves the webgl backend, its refusals
// among them, asks for wasm where its files are not, and uses the built page of the example as a person would, on wasm, webgl and webgpu: the encoder that it
// downloads must give the same embeddings in Node within 1e-4. Graphics are simulated on the CPU. Skips where no Chromium is found; CHROMIUM_PATH names one.
//   --only A,B   some of: same (as in Node), proofs, operations, failures, example
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser } from 'playwright-core';
import { build } from 'vite';
import { learn } from '../../examples/browser-training/learn.ts';
import type { PlaceFindings } from '../backends-check/findings.ts';
import { failuresOf } from '../backends-check/judge.ts';
import { keepFailure, keepFindings } from '../backends-check/record.ts';
import {
  failuresInPage,
  failuresWithoutAdapter,
  notAsExpected,
  type FailureFinding,
  type ForcedFailure,
} from '../backends-check/forced-failures.ts';
import type { OperationsAnswer } from './check-operations.ts';
import type { checks } from './page.ts';
import { ISOLATED, LIMIT, open, report, root, scratch, serving } from './pages.ts';
import { recordRun, THREADS, type RecordedRun } from './record-run.ts';
import { tryExample } from './try-example.ts';
import { trainBriefly, type BriefRun } from './train-briefly.ts';

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS =
  '--no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --use-angle=swiftshader --enable-unsafe-swiftshader --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
/** Where `npm run test:backends` keeps what it finds. */
const findings = join(root, '.cache/backends-check');
const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const isWanted = (part: 'same' | 'proofs' | 'operations' | 'failures' | 'example'): boolean => only?.split(',').includes(part) ?? true;
type Check = 'parts' | 'pretrain on the page' | 'pretrain in a worker';
type Operations = 'operations on wasm' | 'operations on webgl' | 'operations on webgpu';
/** What page.ts answers in words. */
type Proof = Exclude<keyof typeof checks, Check | Operations>;
type Answer = (BriefRun | RecordedRun) & { isolated: boolean; shared?: boolean; seconds?: number };
/** A kind of page. */
interface Place {
  readonly name: string;
  readonly folder: string;
  readonly isolated: boolean;
  /** Whether the heap of the backend should be shared memory. */
  readonly shared: boolean;
  /** What is checked, and what the description of the backend must say of threads there. */
  readonly checks: Partial<Readonly<Record<Check, string>>>;
}

/** Builds the page of checks and that of the example into a folder. */
async function buildPages(folder: string, minify: boolean): Promise<void> {
  const start = performance.now();
  const input = { checks: join(root, 'tools/browser/page.html'), example: join(root, 'examples/browser-training/index.html') };
  await build({
    configFile: join(root, 'examples/browser-training/vite.config.ts'),
    root,
    logLevel: 'error',
    build: { outDir: folder, minify: minify ? 'oxc' : false, reportCompressedSize: false, rolldownOptions: { input } },
  });
  const scripts = readdirSync(join(folder, 'assets'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, 'assets', name)));
  const kilobytes = (sizes: number[]) => `${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000)} kB`;
  const [plain, zipped] = [scripts.map(({ length }) => length), scripts.map((script) => gzipSync(script).length)];
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const what = minify ? 'minified' : 'not minified';
  console.log(`     built in ${seconds} s, ${what}: scripts of pages and worker ${kilobytes(plain)}, ${kilobytes(zipped)} with gzip`);
}

/** Runs one of the checks of page.ts. */
async function ask<T>(browser: Browser, address: string, name: Check | Proof | Operations): Promise<T> {
  const isLong = name.startsWith('operations'); // simulated GPUs are slow
  const { page, failure } = await open(browser, `${address}tools/browser/page.html`, isLong ? 8 * LIMIT : LIMIT);
  await page.waitForFunction(() => 'checks' in globalThis);
  const answer = page.evaluate(async (which) => {
    const all = (globalThis as unknown as { checks: Record<string, () => Promise<object>> }).checks;
    return { isolated: crossOriginIsolated, ...(await all[which]!()) };
  }, name);
  try {
    return (await Promise.race([answer, failure])) as T;
  } finally {
    await page.close();
  }
}

const shown = (losses: readonly number[]) =>
  [losses.slice(0, 2), losses.slice(-1)].map((some) => some.map((loss) => loss.toFixed(4)).join(' ')).join(' … ');

/** The parts of a run that must be the same everywhere. */
function bitsOf(run: Partial<Answer>): string {
  const elsewhere: readonly string[] = ['backend', 'seconds', 'isolated', 'shared'];
  return JSON.stringify(Object.fromEntries(Object.entries(run).filter(([name]) => !elsewhere.includes(name))), null, 1);
}

/** Runs checks in one kind of page and compares what comes of them with Node. */
async function compare(browser: Browser, place: Place, expected: Record<Check, BriefRun | RecordedRun>): Promise<void> {
  await serving(place.folder, place.isolated ? ISOLATED : {}, async (address) => {
    for (const [name, threads] of Object.entries(place.checks) as [Check, string][]) {
      try {
        const answer = await ask<Answer>(browser, address, name);
        const { backend, losses, isolated, shared, seconds, tensors } = answer;
        const asPlanned =
          isolated === place.isolated && tensors === 0 && (shared ?? place.shared) === place.shared && backend.includes(threads);
        const same = bitsOf(answer) === bitsOf(expected[name]);
        report(
          `${place.name}, ${name}`,
          same && asPlanned,
          `${backend}, losses ${shown(losses)}${seconds ? `, ${seconds.toFixed(1)} s` : ''}`,
        );
        if (!asPlanned) console.log(`     got ${JSON.stringify({ isolated, shared, tensors, backend })}, expected '${threads}'`);
        if (!same) console.log(`     got ${bitsOf(answer)}\n     in Node ${bitsOf(expected[name])}`);
      } catch (error) {
        report(`${place.name}, ${name}`, false, String(error));
      }
    }
  });
}

/** What the page of checks must say in words. */
async function prove(browser: Browser, folder: string, proofs: Readonly<Record<Proof, readonly (string | RegExp)[]>>): Promise<void> {
  await serving(folder, ISOLATED, async (address) => {
    for (const [name, expected] of Object.entries(proofs) as [Proof, readonly (string | RegExp)[]][]) {
      try {
        const { said } = await ask<{ said: readonly string[] }>(browser, address, name);
        const ok = said.length === expected.length && expected.every((line, i) => said[i]!.match(line) !== null);
        report(`page, ${name}`, ok, said[0] ?? 'nothing');
        if (!ok) console.log(`     got ${JSON.stringify(said, null, 1)}`);
      } catch (error) {
        report(`page, ${name}`, false, String(error));
      }
    }
  });
}

/** Every operation and the short trainings on each backend that a page has; what is found goes where `npm run test:backends` keeps it, and into docs/backends.md. */
async function checkEverywhere(browser: Browser, folder: string): Promise<void> {
  await serving(folder, ISOLATED, async (address) => {
    const platform = `Chromium ${browser.version().split('.').slice(0, 2).join('.')}`;
    const about = { platform, date: new Date().toISOString().slice(0, 10) };
    const found: PlaceFindings[] = [];
    const onCpu = keepFindings(findings, []).find(({ place }) => place === 'cpu')?.curves;
    for (const backend of ['wasm', 'webgl', 'webgpu'] as const) {
      const place = `${backend} in a page`;
      try {
        const { seconds, ...answer } = await ask<OperationsAnswer>(browser, address, `operations on ${backend}`);
        const one: PlaceFindings = { ...about, place, seconds, ...answer };
        const failures = failuresOf(one, onCpu ?? found[0]?.curves ?? {});
        report(
          place,
          failures.length === 0,
          `${answer.checks.length} checks and ${Object.keys(answer.curves).length} trainings in ${seconds.toFixed(0)} s on ${answer.description}`,
        );
        for (const { what } of failures) console.log(`     ${what}`);
        found.push(one);
      } catch (error) {
        report(place, false, String(error));
      }
    }
    keepFindings(findings, found);
  });
}

/** Trains in Node and in each kind of page. */
async function compareEverywhere(browser: Browser, { minified, readable }: { minified: string; readable: string }): Promise<void> {
  const parts = await trainBriefly({ threads: THREADS });
  const whole = await recordRun(learn);
  report(
    'Node, pretrain',
    whole.tensors === 0 && whole.backend.includes('2 threads'),
    `${whole.backend}, losses ${shown(whole.losses)}, ${whole.seconds.toFixed(1)} s`,
  );
  const expected = { parts, 'pretrain on the page': whole, 'pretrain in a worker': whole };
  const [notIsolated, onPage] = [
    '1 thread (the page is not cross-origin isolated)',
    '1 thread (the main thread of a page may not wait; train in a Web Worker)',
  ];
  const brokenByMinifier = 'no threads: a minifier has broken those of tfjs';
  const places: Place[] = [
    {
      name: 'page',
      folder: minified,
      isolated: false,
      shared: false,
      checks: { parts: notIsolated, 'pretrain on the page': notIsolated, 'pretrain in a worker': notIsolated },
    },
    {
      name: 'isolated page',
      folder: readable,
      isolated: true,
      shared: true,
      checks: { parts: onPage, 'pretrain on the page': onPage, 'pretrain in a worker': '2 threads' },
    },
    // minifiers that compress break the threads of tfjs, and selfsup goes without; the config of the example spares its worker
    {
      name: 'isolated page, minified',
      folder: minified,
      isolated: true,
      shared: false,
      checks: { parts: brokenByMinifier, 'pretrain in a worker': '2 threads' },
    },
  ];
  for (const place of places) await compare(browser, place, expected);
}

/** Forces failures, each in a page of its own, and keeps what was said. */
async function forceAll(browser: Browser, folder: string, failures: readonly ForcedFailure[]): Promise<void> {
  const platform = `Chromium ${browser.version().split('.').slice(0, 2).join('.')}`;
  cpSync(join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist'), join(folder, 'tfjs'), {
    recursive: true,
    filter: (path) => !/\.\w+$/.test(path) || path.endsWith('.wasm'),
  });
  await serving(folder, ISOLATED, async (address) => {
    for (const [order, failure] of failures.entries()) {
      const { page, failure: broken } = await open(browser, `${address}tools/browser/page.html`);
      await page.exposeFunction('crashGpu', async () => {
        const session = await browser.newBrowserCDPSession();
        await session.send('Browser.crashGpuProcess');
      });
      await page.waitForFunction(() => 'forceFailure' in globalThis);
      const answer = page.evaluate(
        (name) => (globalThis as unknown as { forceFailure: (name: string) => Promise<string> }).forceFailure(name),
        failure.name,
      );
      const said = await Promise.race([answer, broken]).catch(String);
      const finding: FailureFinding = { what: failure.what, platform, date: new Date().toISOString().slice(0, 10), said };
      keepFailure(findings, finding, failures === failuresInPage ? order + 1 : 0);
      const wrong = notAsExpected(failure, finding);
      report(`forced in a page, ${failure.what}`, wrong === undefined, wrong ?? said);
      await page.close();
    }
  });
}

async function check(executablePath: string): Promise<void> {
  const [minified, readable] = [join(scratch, 'minified'), join(scratch, 'readable')];
  if (isWanted('same')) await buildPages(minified, true);
  await buildPages(readable, false);
  const browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
  try {
    if (isWanted('same')) await compareEverywhere(browser, { minified, readable });
    if (isWanted('proofs'))
      await prove(browser, readable, {
        'wasm from nowhere': [
          /^selectBackend: cpu \(plain JavaScript\) is used, many times slower than .*nowhere\/tfjs-backend-wasm-threaded-simd\.wasm \(HTTP 404\); serve tfjs-backend-wasm\.wasm, .*With Vite: /s,
        ],
        'webgl computes': [/^webgl \(.*SwiftShader/, 'epsilon 1e-7', 'losses as on cpu, with the epsilon that tfjs takes by itself'],
        'webgl refuses': [
          /^SELFSUP_MEMORY webgl backend: a tensor is too large for a texture .*use a smaller batch/,
          /^SELFSUP_BACKEND webgl backend: the browser took the graphics context away/,
          /^SELFSUP_BACKEND webgl backend: the browser took the graphics context away/,
          'after a new start: 9',
          /^SELFSUP_BACKEND selectBackend: webgl cannot be used here: the device computes with 16-bit floats only/,
        ],
      });
    if (isWanted('operations')) await checkEverywhere(browser, readable);
    if (isWanted('failures')) await forceAll(browser, readable, failuresInPage);
    if (isWanted('example')) await tryExample(browser);
  } finally {
    await browser.close();
  }
  if (!isWanted('failures')) return;
  const flags = FLAGS.split(' ').filter((flag) => !/webgpu/.test(flag));
  const plain = await chromium.launch({ executablePath, args: flags });
  try {
    await forceAll(plain, readable, failuresWithoutAdapter);
  } finally {
    await plain.close();
  }
}

const found = PLACES.find((place) => place !== undefined && existsSync(place));
try {
  if (found === undefined) console.log('skipped: no Chromium found; set CHROMIUM_PATH');
  else await check(found);
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

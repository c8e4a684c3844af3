// `npm run test:browser`: what trains in Node must train in a browser, too, and on wasm come to the same bits. Builds examples/browser-training and a page of checks with Vite,
// opens them in a real Chromium, ordinarily and cross-origin-isolated (where the heap of the wasm backend is shared memory), trains by the parts and with
// `pretrain`, on the page and in a worker, asks for two threads everywhere, and compares losses, checkpoint, encoder and features with those of Node, and
// the threads with those that the place can give: two in a worker of an isolated page, else one and the reason. Then it proves the webgl backend, its refusals
// among them, asks for wasm where its files are not, and uses the built page of the example as a person would, on wasm, webgl and webgpu: the encoder that it
// downloads must give the same embeddings in Node within 1e-4. Graphics are simulated on the CPU. Skips where no Chromium is found; CHROMIUM_PATH names one.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { builtinBackends, selectBackend } from '@selfsup/backends';
import { loadEncoder } from '@selfsup/pretrain/node';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { madeUpPictures } from '../../examples/browser-training/made-up-pictures.ts';
import { learn } from '../../examples/browser-training/learn.ts';
import type { PlaceFindings } from '../backends-check/findings.ts';
import { failuresOf } from '../backends-check/judge.ts';
import { keepFindings } from '../backends-check/record.ts';
import type { OperationsAnswer } from './check-operations.ts';
import type { checks } from './page.ts';
import { recordRun, THREADS, type RecordedRun } from './record-run.ts';
import { trainBriefly, type BriefRun } from './train-briefly.ts';

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS =
  '--no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --use-angle=swiftshader --enable-unsafe-swiftshader --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const TYPES: Record<string, string> = { css: 'text/css', js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };
const LIMIT = 240_000;

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

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-browser-'));

function report(where: string, ok: boolean, detail: string): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${where}: ${detail}`);
  if (!ok) process.exitCode = 1;
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

async function serve(folder: string, headers: Record<string, string>): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const file = join(folder, normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    const type = TYPES[file.split('.').at(-1)!];
    if (type === undefined || !existsSync(file)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, ...headers }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Opens a page that fails with the first error that nobody caught. */
async function open(browser: Browser, address: string, limit = LIMIT): Promise<{ page: Page; failure: Promise<never> }> {
  const page = await browser.newPage();
  page.setDefaultTimeout(limit);
  const failure = new Promise<never>((_, reject) => {
    page.on('pageerror', reject);
    page.on('crash', () => {
      reject(new Error('the page crashed'));
    });
    setTimeout(() => {
      reject(new Error(`no answer within ${limit / 1000} s`));
    }, limit).unref();
  });
  failure.catch(() => undefined);
  await page.goto(address);
  return { page, failure };
}

/** Runs one of the checks of page.ts. */
async function ask<T>(browser: Browser, address: string, name: Check | Proof | Operations): Promise<T> {
  const { page, failure } = await open(browser, `${address}tools/browser/page.html`);
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
  const { server, address } = await serve(place.folder, place.isolated ? ISOLATED : {});
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
  server.closeAllConnections();
  server.close();
}

/** What the page of checks must say in words. */
async function prove(browser: Browser, folder: string, proofs: Readonly<Record<Proof, readonly (string | RegExp)[]>>): Promise<void> {
  const { server, address } = await serve(folder, ISOLATED);
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
  server.closeAllConnections();
  server.close();
}

/** Every operation on each backend that a page has; what is found goes where `npm run test:backends` keeps it, and into docs/backends.md. */
async function checkEverywhere(browser: Browser, folder: string): Promise<void> {
  const { server, address } = await serve(folder, ISOLATED);
  const platform = `Chromium ${browser.version().split('.').slice(0, 2).join('.')}`;
  const about = { platform, date: new Date().toISOString().slice(0, 10) };
  const found: PlaceFindings[] = [];
  for (const backend of ['wasm', 'webgl', 'webgpu'] as const) {
    const place = `${backend} in a page`;
    try {
      const { description, checks, seconds, versions } = await ask<OperationsAnswer>(browser, address, `operations on ${backend}`);
      const one: PlaceFindings = { ...about, place, description, checks, seconds, versions };
      const failures = failuresOf(one, {});
      report(place, failures.length === 0, `${checks.length} checks in ${seconds.toFixed(0)} s on ${description}`);
      for (const { what } of failures) console.log(`     ${what}`);
      found.push(one);
    } catch (error) {
      report(place, false, String(error));
    }
  }
  keepFindings(join(root, '.cache/backends-check'), found);
  server.closeAllConnections();
  server.close();
}

/** The numbers of an .npy file of float32. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

/** Presses a button that downloads, and gives the path of the file. */
async function download(page: Page, id: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(id)]);
  const path = join(scratch, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

/** Uses the page of the example: chooses a backend, trains, pauses, and opens in Node what it offers. */
async function useExample(browser: Browser, address: string, { backend, epochs }: { backend: string; epochs: number }): Promise<void> {
  const where = `example on ${backend}`;
  const size = backend === 'wasm' ? 24 : 12; // a simulated GPU is slow
  const { page, failure } = await open(browser, `${address}?backend=${backend}&size=${size}`, 2 * LIMIT);
  const use = async () => {
    await page.waitForSelector('#start:enabled');
    await page.selectOption('#pictures', '200');
    await page.fill('#epochs', String(epochs));
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#loss-value')!.textContent !== '');
    await page.click('#pause');
    await page.waitForFunction(() => document.querySelector('#pause')!.textContent === 'Go on');
    await page.click('#pause');
    await page.waitForSelector('#embeddings[href]');
    const { data } = await embedInNode(await download(page, '#encoder'), size);
    const there = readNpy(await download(page, '#embeddings'));
    const difference = Math.max(...data.map((value, i) => Math.abs(value - there[i]!)));
    const counts = await page.evaluate(() =>
      ['#loss-chart .line', '#knn-chart circle', '#gallery canvas', '#neighbors canvas'].map(
        (place) => document.querySelectorAll(place).length,
      ),
    );
    const ok = data.length === there.length && difference < 1e-4 && counts.join() === `1,${epochs + 1},48,16`;
    report(
      where,
      ok,
      `embeddings of the encoder in Node differ by at most ${difference.toExponential(1)}; ${await page.innerText('#status')}`,
    );
    if (!ok) console.log(`     ${data.length} and ${there.length} numbers; lines, points, pictures, neighbors: ${counts.join(', ')}`);
  };
  try {
    await Promise.race([use(), failure]);
  } catch (error) {
    report(where, false, `${String(error)} ${await page.innerText('#status').catch(() => '')}`);
  } finally {
    await page.close();
  }
}

async function embedInNode(path: string, size = 24): Promise<{ data: ArrayLike<number> & Float32Array }> {
  await selectBackend({ prefer: 'wasm' });
  const encoder = await loadEncoder(path);
  try {
    const { data } = await encoder.embed(await madeUpPictures(200, size));
    return { data: Float32Array.from(data) };
  } finally {
    encoder.dispose();
  }
}

/** Stops a run in the page, and sees that what was learned can be had. */
async function stopExample(browser: Browser, address: string): Promise<void> {
  const { page, failure } = await open(browser, address);
  const use = async () => {
    await page.waitForSelector('#start:enabled');
    await page.selectOption('#pictures', '200');
    await page.fill('#epochs', '400');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#loss-value')!.textContent !== '');
    await page.click('#stop');
    await page.waitForSelector('#encoder[href]');
    const { data } = await embedInNode(await download(page, '#encoder'));
    const status = await page.innerText('#status');
    report('example, stopped', data.length > 0 && status.startsWith('Stopped after '), status);
  };
  try {
    await Promise.race([use(), failure]);
  } catch (error) {
    report('example, stopped', false, `${String(error)} ${await page.innerText('#status').catch(() => '')}`);
  } finally {
    await page.close();
  }
}

/** Sees that the select box of the page offers what works. */
async function surveyInExample(browser: Browser, address: string, expected: readonly string[]): Promise<void> {
  const { page, failure } = await open(browser, address);
  const use = async () => {
    await page.waitForFunction(() => document.querySelectorAll('#backend-list li').length > 0);
    const offered = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLOptionElement>('#backend option')].filter(({ disabled }) => !disabled).map(({ text }) => text),
    );
    const ok = offered[0] === 'Automatic (wasm)' && expected.every((name) => offered.some((text) => text.startsWith(`${name}, `)));
    report('example, what computes here', ok, offered.join(' | '));
  };
  try {
    await Promise.race([use(), failure]);
  } catch (error) {
    report('example, what computes here', false, String(error));
  } finally {
    await page.close();
  }
}

/** Builds the example as its own config has it, and uses it. */
async function tryExample(browser: Browser): Promise<void> {
  const folder = join(scratch, 'example');
  await build({ root: join(root, 'examples/browser-training'), logLevel: 'error', build: { outDir: folder, reportCompressedSize: false } });
  const { server, address } = await serve(folder, ISOLATED);
  const known = ['wasm', 'webgl', 'webgpu'].filter((backend) => builtinBackends.some(({ name }) => name === backend));
  for (const backend of known) await useExample(browser, `${address}index.html`, { backend, epochs: backend === 'wasm' ? 2 : 1 });
  await surveyInExample(browser, `${address}index.html`, known);
  await stopExample(browser, `${address}index.html`);
  server.closeAllConnections();
  server.close();
}

async function check(executablePath: string): Promise<void> {
  const [minified, readable] = [join(scratch, 'minified'), join(scratch, 'readable')];
  await buildPages(minified, true);
  await buildPages(readable, false);
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
  const browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
  try {
    for (const place of places) await compare(browser, place, expected);
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
    await checkEverywhere(browser, readable);
    await tryExample(browser);
  } finally {
    await browser.close();
  }
}

const found = PLACES.find((place) => place !== undefined && existsSync(place));
try {
  if (found === undefined) console.log('skipped: no Chromium found; set CHROMIUM_PATH');
  else await check(found);
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

// `npm run test:browser`: what trains in Node must train in a browser, too, and come to the same bits. Builds examples/browser and a page of checks with Vite,
// opens them in a real Chromium, ordinarily and cross-origin-isolated (where the heap of the wasm backend is shared memory), trains by the parts and with
// `pretrain`, on the page and in a worker, asks for two threads everywhere, and compares losses, checkpoint, encoder and features with those of Node, and
// the threads with those that the place can give: two in a worker of an isolated page, else one and the reason. Then it uses the page of the example
// as a person would. Skips where no Chromium is found; CHROMIUM_PATH names one.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { learn } from '../../examples/browser/learn.ts';
import type { checks } from './page.ts';
import { recordRun, THREADS, type RecordedRun } from './record-run.ts';
import { trainBriefly, type BriefRun } from './train-briefly.ts';

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const TYPES: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };
const LIMIT = 120_000;

type Check = keyof typeof checks;
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
  const input = { checks: join(root, 'tools/browser/page.html'), example: join(root, 'examples/browser/index.html') };
  await build({
    configFile: join(root, 'examples/browser/vite.config.ts'),
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
async function open(browser: Browser, address: string): Promise<{ page: Page; failure: Promise<never> }> {
  const page = await browser.newPage();
  page.setDefaultTimeout(LIMIT);
  const failure = new Promise<never>((_, reject) => {
    page.on('pageerror', reject);
    page.on('crash', () => {
      reject(new Error('the page crashed'));
    });
    setTimeout(() => {
      reject(new Error(`no answer within ${LIMIT / 1000} s`));
    }, LIMIT).unref();
  });
  failure.catch(() => undefined);
  await page.goto(address);
  return { page, failure };
}

/** Runs one of the checks of page.ts. */
async function ask(browser: Browser, address: string, name: Check) {
  const { page, failure } = await open(browser, `${address}tools/browser/page.html`);
  await page.waitForFunction(() => 'checks' in globalThis);
  const answer = page.evaluate(async (which) => {
    const all = (globalThis as unknown as { checks: Record<string, () => Promise<object>> }).checks;
    return { isolated: crossOriginIsolated, ...(await all[which]!()) };
  }, name);
  try {
    return (await Promise.race([answer, failure])) as Answer;
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
      const answer = await ask(browser, address, name);
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

/** Clicks through the page of the example. */
async function useExample(browser: Browser, folder: string): Promise<void> {
  const { server, address } = await serve(folder, {});
  try {
    const { page, failure } = await open(browser, `${address}examples/browser/index.html`);
    const use = async () => {
      await page.fill('#epochs', '2');
      await page.click('text=Learn in a worker');
      const link = await page.waitForSelector('a[download]');
      const bytes = await link.evaluate(async (a) => (await (await fetch((a as HTMLAnchorElement).href)).arrayBuffer()).byteLength);
      await page.waitForSelector('#neighbors canvas');
      const pictures = await page.$$('#neighbors canvas');
      return `${pictures.length} pictures beside their neighbors, an encoder of ${bytes} bytes to download`;
    };
    report('example', true, await Promise.race([use(), failure]));
  } catch (error) {
    report('example', false, String(error));
  } finally {
    server.closeAllConnections();
    server.close();
  }
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
    // minifiers break the threads of tfjs, and selfsup goes without
    {
      name: 'isolated page, minified',
      folder: minified,
      isolated: true,
      shared: false,
      checks: { parts: brokenByMinifier, 'pretrain in a worker': brokenByMinifier },
    },
  ];
  const browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
  try {
    for (const place of places) await compare(browser, place, expected);
    await useExample(browser, minified);
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

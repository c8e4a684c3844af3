// `npm run test:browser`: trains a few steps in a real Chromium, in an ordinary page and in a cross-origin-isolated one (where the heap of the wasm
// backend is shared memory), and compares checkpoint and losses with those of Node. Skips where no Chromium is found; CHROMIUM_PATH names one.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { trainBriefly, type BriefRun } from './train-briefly.ts';

type Answer = BriefRun & { isolated: boolean; error?: string };

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS =
  '--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --remote-debugging-port=0';
const LIMIT = 120_000;
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const TYPES: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-browser-'));
const tfjs = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
// the bundle lies beside the folder of the kernels' files, as `new URL('../assets/…', import.meta.url)` expects
const folders: Record<string, string> = { app: scratch, assets: join(root, 'packages/wasm-kernels/assets'), tfjs };

async function askPage(chromium: string, headers: Record<string, string>): Promise<Answer> {
  let answered: (answer: Answer) => void;
  const answer = new Promise<Answer>((resolve) => (answered = resolve));
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        answered(JSON.parse(body) as Answer);
        response.end();
      });
      return;
    }
    const [, folder = '', file = ''] = (request.url ?? '/').split('/');
    const path = folder === '' ? undefined : join(folders[folder] ?? scratch, file || 'nothing');
    if (path !== undefined && !existsSync(path)) response.writeHead(404).end();
    else {
      response.writeHead(200, { 'content-type': TYPES[(path ?? '.html').split('.').at(-1)!] ?? 'text/plain', ...headers });
      response.end(path === undefined ? '<script type="module" src="/app/page.js"></script>' : readFileSync(path));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(chromium, [...FLAGS.split(' '), `--user-data-dir=${mkdtempSync(join(scratch, 'profile-'))}`, address], {
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => browser.on('close', resolve));
  const late = setTimeout(() => {
    answered({ error: `no answer within ${LIMIT / 1000} s` } as Answer);
  }, LIMIT);
  const result = await answer;
  clearTimeout(late);
  browser.kill('SIGKILL');
  await closed;
  server.closeAllConnections();
  server.close();
  return result;
}

async function check(chromium: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'tools/browser/page.ts')],
    outfile: join(scratch, 'page.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@selfsup/source'],
    logLevel: 'error',
  });
  const node = await trainBriefly({});
  const report = (where: string, ok: boolean, detail: string) => {
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${where}: ${detail}`);
    if (!ok) process.exitCode = 1;
  };
  for (const [where, headers] of [
    ['page', {}],
    ['isolated page', ISOLATED],
  ] as const) {
    const answer = await askPage(chromium, headers);
    const same = answer.checkpoint === node.checkpoint && answer.losses.join() === node.losses.join() && answer.tensors === 0;
    const isolated = answer.isolated === (where === 'isolated page');
    report(where, same && isolated, answer.error ?? `${answer.backend}, losses ${answer.losses.map((loss) => loss.toFixed(4)).join(' ')}`);
    if (!same && answer.error === undefined) console.log(`     checkpoint ${answer.checkpoint}, in Node ${node.checkpoint}`);
  }
}

const chromium = PLACES.find((place) => place !== undefined && existsSync(place));
try {
  if (chromium === undefined) console.log('skipped: no Chromium found; set CHROMIUM_PATH');
  else await check(chromium);
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

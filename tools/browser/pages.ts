// What the checks of `npm run test:browser` share: a server for built pages, pages that fail loudly, a place for files, and how results are told.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

/** The headers of a page that is cross-origin isolated. */
export const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const TYPES: Record<string, string> = { css: 'text/css', js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };
/** How long a page may take, in milliseconds. */
export const LIMIT = 240_000;

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** A folder for what is built and downloaded. */
export const scratch = mkdtempSync(join(tmpdir(), 'selfsup-browser-'));

/** One line for a check; a failed one is the exit code. */
export function report(where: string, ok: boolean, detail: string): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${where}: ${detail}`);
  if (!ok) process.exitCode = 1;
}

/** Serves a folder while something is done with its address. */
export async function serving(folder: string, headers: Record<string, string>, use: (address: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const file = join(folder, normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    const type = TYPES[file.split('.').at(-1)!];
    if (type === undefined || !existsSync(file)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, ...headers }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Opens a page that fails with the first error that nobody caught. */
export async function open(browser: Browser, address: string, limit = LIMIT): Promise<{ page: Page; failure: Promise<never> }> {
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

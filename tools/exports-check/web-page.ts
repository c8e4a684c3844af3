import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Answer, Job } from './exchange.ts';

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS =
  '--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const LIMIT = 120_000;
const TYPES: Record<string, string> = { mjs: 'text/javascript', js: 'text/javascript', wasm: 'application/wasm', json: 'application/json' };
const PAGE =
  '<!doctype html><title>Exports</title><script src="/node_modules/@tensorflow/tfjs/dist/tf.min.js"></script><script type="module" src="/web-consumers.js"></script>';

/** The Chromium of this machine; undefined where there is none. */
export const chromiumPath = (): string | undefined => PLACES.find((place) => place !== undefined && existsSync(place));

/**
 * Opens exports on a page of Chromium.
 *
 * @param consumer which one, see web-consumers.js
 * @param jobs what to open
 * @param places `modules`: the folder whose node_modules hold the libraries; `executablePath`: see {@link chromiumPath}
 * @returns the answers, and the version of Chromium
 */
export async function runOnPage(
  consumer: string,
  jobs: readonly Job[],
  { modules, executablePath }: { readonly modules: string; readonly executablePath: string },
): Promise<{ readonly answers: readonly Answer[]; readonly version: string }> {
  const folders = new Map(jobs.map(({ id, folder }) => [id, folder]));
  const fileOf = (path: string): string | undefined => {
    if (['/web-consumers.js', '/feed-models.mjs'].includes(path)) return fileURLToPath(new URL(`.${path}`, import.meta.url));
    if (path.startsWith('/node_modules/')) return join(modules, path);
    const [, , id = '', ...rest] = path.split('/'); // /exports/<job>/<file>
    const folder = folders.get(id);
    return folder === undefined ? undefined : join(folder, ...rest);
  };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    const file = fileOf(path);
    if (file === undefined || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[file.split('.').at(-1)!] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
  try {
    const answers: Answer[] = [];
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT);
    await page.goto(address);
    await page.waitForFunction(() => 'answer' in globalThis);
    for (const { id, file = '', cases } of jobs) {
      const asked = { id, cases, address: `/exports/${id}/${file}` };
      const answer = page.evaluate(
        ([name, job]) => (globalThis as unknown as { answer(name: string, job: object): Promise<unknown> }).answer(name, job),
        [consumer, asked] as [string, object],
      );
      const tooLate = new Promise<Answer>((resolve) => {
        setTimeout(() => { resolve({ id, error: `no answer within ${LIMIT / 1000} s` }); }, LIMIT).unref(); // prettier-ignore
      });
      answers.push(await Promise.race([answer as Promise<Answer>, tooLate]).catch((error: unknown) => ({ id, error: String(error) })));
    }
    return { answers, version: browser.version() };
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

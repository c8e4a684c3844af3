// The page of examples/browser-training, used as a person would.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinBackends, selectBackend } from '@selfsup/backends';
import { loadEncoder } from '@selfsup/pretrain/node';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { madeUpPictures } from '../../examples/browser-training/made-up-pictures.ts';
import { ISOLATED, LIMIT, open, report, root, scratch, serving } from './pages.ts';

/** Where the page is, and how long it may take. */
interface Visit {
  readonly browser: Browser;
  readonly address: string;
  readonly limit?: number;
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

/** Opens the page, does something with it, and reports what was thrown, with what the page says of itself. */
async function onPage(where: string, { browser, address, limit }: Visit, use: (page: Page) => Promise<void>): Promise<void> {
  const { page, failure } = await open(browser, address, limit);
  try {
    await Promise.race([use(page), failure]);
  } catch (error) {
    report(where, false, `${String(error)} ${await page.innerText('#status').catch(() => '')}`);
  } finally {
    await page.close();
  }
}

/** Uses the page of the example: chooses a backend, trains, pauses, and opens in Node what it offers. */
async function useExample({ browser, address }: Visit, { backend, epochs }: { backend: string; epochs: number }): Promise<void> {
  const where = `example on ${backend}`;
  const size = backend === 'wasm' ? 24 : 12; // a simulated GPU is slow
  const visit = { browser, address: `${address}?backend=${backend}&size=${size}`, limit: 2 * LIMIT };
  await onPage(where, visit, async (page) => {
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
  });
}

/** The embeddings of the made-up pictures by an encoder that was downloaded. */
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
async function stopExample(visit: Visit): Promise<void> {
  await onPage('example, stopped', visit, async (page) => {
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
  });
}

/** Sees that the select box of the page offers what works. */
async function surveyInExample(visit: Visit, expected: readonly string[]): Promise<void> {
  await onPage('example, what computes here', visit, async (page) => {
    await page.waitForFunction(() => document.querySelectorAll('#backend-list li').length > 0);
    const offered = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLOptionElement>('#backend option')].filter(({ disabled }) => !disabled).map(({ text }) => text),
    );
    const ok = offered[0] === 'Automatic (wasm)' && expected.every((name) => offered.some((text) => text.startsWith(`${name}, `)));
    report('example, what computes here', ok, offered.join(' | '));
  });
}

/**
 * Builds the example as its own config has it, and uses it.
 *
 * @param browser a Chromium that simulates a GPU
 */
export async function tryExample(browser: Browser): Promise<void> {
  const folder = join(scratch, 'example');
  await build({ root: join(root, 'examples/browser-training'), logLevel: 'error', build: { outDir: folder, reportCompressedSize: false } });
  await serving(folder, ISOLATED, async (served) => {
    const visit = { browser, address: `${served}index.html` };
    const known = ['wasm', 'webgl', 'webgpu'].filter((backend) => builtinBackends.some(({ name }) => name === backend));
    for (const backend of known) await useExample(visit, { backend, epochs: backend === 'wasm' ? 2 : 1 });
    await surveyInExample(visit, known);
    await stopExample(visit);
  });
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkWasmFile } from './check-wasm-file.ts';

const server = createServer((request, response) => {
  if (request.url === '/right.wasm') response.end(Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  else if (request.url === '/page.wasm') response.setHeader('content-type', 'text/html').end('<!doctype html>');
  else response.writeHead(404).end();
});
let base = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('accepts a binary', async () => {
  await expect(checkWasmFile(`${base}right.wasm`)).resolves.toBeUndefined();
});

it('names the address, what came from there, the three files and a recipe', async () => {
  const missing = checkWasmFile(`${base}missing.wasm`);
  await expect(missing).rejects.toMatchObject({ code: 'SELFSUP_BACKEND' });
  await expect(missing).rejects.toThrow(
    `could not be loaded from ${base}missing.wasm (HTTP 404); serve tfjs-backend-wasm.wasm, tfjs-backend-wasm-simd.wasm, tfjs`,
  );
  await expect(missing).rejects.toThrow(
    /-threaded-simd\.wasm from one folder .* With Vite: `mkdir -p public\/tfjs && cp node_modules\/@tensorflow\/tfjs-backend-wasm/,
  );
});

it('is not deceived by a server that answers every address with its page', async () => {
  await expect(checkWasmFile(`${base}page.wasm`)).rejects.toThrow('page.wasm (the answer is not WebAssembly but text/html)');
});

it('names an address that nobody answers, and a path where nothing lies', async () => {
  await expect(checkWasmFile('http://127.0.0.1:9/a.wasm')).rejects.toThrow('loaded from http://127.0.0.1:9/a.wasm (');
  await expect(checkWasmFile('/nowhere/a.wasm')).rejects.toThrow('loaded from /nowhere/a.wasm (there is no such file)');
});

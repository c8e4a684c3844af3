import { SelfsupError } from '@selfsup/core';

/** The binaries of tfjs-backend-wasm, of which the browser takes the one that suits it. */
export const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'] as const;

/** Every wasm binary starts with these. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** What to do when a binary is not where it should be. */
export const SERVE_WASM_FILES =
  `serve ${WASM_FILES.join(', ')} from one folder and name it in \`wasmPath\`. ` +
  'With Vite: `mkdir -p public/tfjs && cp node_modules/@tensorflow/tfjs-backend-wasm/dist/*.wasm public/tfjs/` and ' +
  "`selectBackend({ wasmPath: import.meta.env.BASE_URL + 'tfjs/' })`";

interface Found {
  readonly where: string;
  /** What is wrong with it, or nothing. */
  readonly fault?: string;
}

async function readStart(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const { value } = await reader.read();
  await reader.cancel(); // the rest is for tfjs
  return value ?? new Uint8Array();
}

async function fetchStart(url: string): Promise<Found> {
  try {
    const response = await fetch(url, { credentials: 'same-origin' });
    const where = response.url || url;
    if (!response.ok) return { where, fault: `HTTP ${response.status}` };
    const start = await readStart(response);
    if (MAGIC.every((byte, i) => start[i] === byte)) return { where };
    return { where, fault: `the answer is not WebAssembly but ${response.headers.get('content-type') ?? 'something else'}` };
  } catch (error) {
    return { where: url, fault: (error as Error).message };
  }
}

/**
 * Makes sure that a binary of the wasm backend is where tfjs will look for it. tfjs itself cannot be given another path once it has failed.
 *
 * @param file its URL, in a browser also a relative one, in Node a path
 * @throws SelfsupError `SELFSUP_BACKEND` with the URL, what came from there, the three files that are needed and a recipe
 */
export async function checkWasmFile(file: string): Promise<void> {
  const fs = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.('node:fs');
  const isPath = fs !== undefined && !/^https?:/.test(file);
  const found = isPath ? { where: file, ...(!fs.existsSync(file) && { fault: 'there is no such file' }) } : await fetchStart(file);
  if (found.fault === undefined) return;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    `selectBackend: the wasm backend could not be loaded from ${found.where} (${found.fault}); ${SERVE_WASM_FILES}`,
  );
}

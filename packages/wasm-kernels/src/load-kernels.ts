import { SelfsupError } from './errors.ts';
import type { KernelExports } from './kernel-exports.ts';

/** Kernels on the memory of one backend, and their code for the next one. */
export interface LoadedKernels {
  readonly module: WebAssembly.Module;
  readonly exports: KernelExports;
}

/**
 * Which build is meant: relaxed SIMD has a fused multiply-add and is faster than plain SIMD. Wide is relaxed SIMD with tiles for engines that join pairs
 * of vectors into one of 256 bits; elsewhere it is the slower one.
 */
export type SimdBuild = 'wide' | 'relaxed' | 'plain';

// (module (func (result v128) (f32x4.relaxed_madd zeros zeros zeros)))
const ZERO_VECTOR = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
const RELAXED_BODY = [0x00, ...ZERO_VECTOR, ...ZERO_VECTOR, ...ZERO_VECTOR, 0xfd, 0x85, 0x02, 0x0b];
const RELAXED_PROBE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, RELAXED_BODY.length + 2, 0x01, RELAXED_BODY.length, ...RELAXED_BODY],
]);

/** A value from outside, for a message. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || !['object', 'function', 'symbol'].includes(typeof value)) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Refuses what is not the name of a build. */
export function assertSimd(who: string, simd: unknown): asserts simd is SimdBuild {
  if (simd === 'wide' || simd === 'relaxed' || simd === 'plain') return;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `${who}: \`simd\` must be 'wide', 'relaxed' or 'plain', got ${shown(simd)}; without it the best one that runs here is taken`,
  );
}

/** Refuses what is not the address of a folder. */
export function assertAssetsUrl(who: string, assetsUrl: unknown): void {
  if (assetsUrl === undefined) return;
  try {
    new URL('kernels.wasm', assetsUrl as string);
  } catch {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`assetsUrl\` must be the whole URL of a folder, ending in '/', got ${shown(assetsUrl)}; such as 'https://example.org/kernels/', new URL('kernels/', location.href) in a page, or pathToFileURL('kernels/') in Node`,
    );
  }
}

/** The best build that this engine runs well without further ado. */
export function supportedSimd(): 'relaxed' | 'plain' {
  return WebAssembly.validate(RELAXED_PROBE) ? 'relaxed' : 'plain';
}

/** The flags of the engine under which binaries are compiled from now on; none until a proof has set one. */
let flags = '';

/** Has binaries compiled anew, since a flag of the engine has changed. Without a name they are as before the change. */
export function compileUnder(flag = ''): void {
  flags = flag;
}

/** What {@link compileUnder} was told last. */
export function compiledUnder(): string {
  return flags;
}

/** A copy with the name of a flag in a custom section: the engine takes what it has compiled of the same bytes before, whatever its flags were then. */
export function markBinary(binary: Uint8Array, flag: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(flag);
  return flag === '' ? Uint8Array.from(binary) : Uint8Array.from([...binary, 0, name.length + 1, name.length, ...name]);
}

async function readAsset(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === 'file:') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return Uint8Array.from(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Compiles the kernels for a memory of this kind. A shared memory has binaries of its own. */
export async function loadKernels(memory: WebAssembly.Memory, simd: SimdBuild, assetsUrl?: string | URL): Promise<LoadedKernels> {
  const url = kernelsUrl(simd, isShared(memory), assetsUrl);
  try {
    const { module, instance } = await WebAssembly.instantiate(markBinary(await readAsset(url), flags), { env: { memory } });
    return { module, exports: instance.exports as unknown as KernelExports };
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTrainingKernels: the kernels could not be loaded from ${url.href}; expected the file of the package's assets folder, got ${String(cause)}`,
      { cause },
    );
  }
}

/** The binary of a build for a memory of its own or a shared one. */
export async function readKernels(simd: SimdBuild, shared: boolean, assetsUrl?: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return readAsset(kernelsUrl(simd, shared, assetsUrl));
}

/** The same, compiled under the flags of now. */
export async function compileKernels(simd: SimdBuild, shared: boolean, assetsUrl?: string | URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(markBinary(await readKernels(simd, shared, assetsUrl), flags));
}

/** Binds compiled kernels to the memory of another backend, at once. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
}

/** The same where the memory may be of the other kind, in Node: reads and compiles at once. */
export function loadKernelsNow(memory: WebAssembly.Memory, simd: SimdBuild, assetsUrl?: string | URL): LoadedKernels {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const module = new WebAssembly.Module(markBinary(readFileSync(kernelsUrl(simd, isShared(memory), assetsUrl)), flags));
  return { module, exports: instantiateKernels(module, memory) };
}

function isShared({ buffer }: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

function kernelsUrl(simd: SimdBuild, shared: boolean, assetsUrl?: string | URL): URL {
  if (assetsUrl === undefined) return defaultUrl(simd, shared);
  return new URL(`kernels${simd === 'plain' ? '' : `.${simd}`}${shared ? '.shared' : ''}.wasm`, assetsUrl);
}

// Literal paths, so that bundlers find the files.
function defaultUrl(simd: SimdBuild, shared: boolean): URL {
  switch (simd) {
    case 'wide':
      return shared
        ? new URL('../assets/kernels.wide.shared.wasm', import.meta.url)
        : new URL('../assets/kernels.wide.wasm', import.meta.url);
    case 'relaxed':
      return shared
        ? new URL('../assets/kernels.relaxed.shared.wasm', import.meta.url)
        : new URL('../assets/kernels.relaxed.wasm', import.meta.url);
    case 'plain':
      return shared ? new URL('../assets/kernels.shared.wasm', import.meta.url) : new URL('../assets/kernels.wasm', import.meta.url);
  }
}

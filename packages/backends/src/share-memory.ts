import * as tf from '@tensorflow/tfjs-core';

/** The section of a WebAssembly module that declares its memory, and the flags there: a maximum, and a maximum of a shared memory. */
const MEMORY_SECTION = 5;
const LIMITED = 1;
const LIMITED_AND_SHARED = 3;

/** A copy of a WebAssembly binary whose own memory is shared; nothing when it does not declare one with a maximum. */
export function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const copy = Uint8Array.from(binary);
  let at = 8; // after the magic number and the version
  const number = (): number => {
    let value = 0;
    for (let shift = 0; at < copy.length; shift += 7) {
      const byte = copy[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value >>> 0;
  };
  while (at < copy.length) {
    const section = copy[at++];
    const size = number();
    if (section === MEMORY_SECTION) {
      if (number() !== 1 || copy[at] !== LIMITED) return undefined;
      copy[at] = LIMITED_AND_SHARED;
      return copy;
    }
    at += size;
  }
  return undefined;
}

/** What starts the backend. */
export interface SharedStart {
  /** The file that tfjs will load. */
  readonly file: string;
  /** `setWasmPaths` of the backend, with its folder. */
  readonly setPaths: (usePlatformFetch: boolean) => void;
  /** Makes the backend current. */
  readonly start: () => Promise<boolean>;
}

/** Starts follow one another: each replaces a function of tfjs's platform for a while. */
let last: Promise<unknown> = Promise.resolve();

async function startOnce({ file, setPaths, start }: SharedStart): Promise<boolean | undefined> {
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  const shared = withSharedMemory(await readFile(file));
  if (shared === undefined || !WebAssembly.validate(shared)) return undefined;
  const { platform } = tf.env();
  const own = Object.getOwnPropertyDescriptor(platform, 'fetch');
  const fetchBefore = platform.fetch.bind(platform);
  platform.fetch = (path, init) => (path === file ? Promise.resolve(new Response(shared)) : fetchBefore(path, init));
  setPaths(true);
  try {
    return await start();
  } finally {
    if (own === undefined) Reflect.deleteProperty(platform, 'fetch');
    else Object.defineProperty(platform, 'fetch', own);
    setPaths(false); // a backend that tfjs makes by itself later reads the file as usual
  }
}

/**
 * Starts the wasm backend of tfjs on a memory that threads can share. tfjs's own threaded build does not start in Node; its plain build declares a memory of
 * its own, which one byte makes a shared one. tfjs is given the changed binary by its hook for custom fetching, for the time of the start.
 * Returns nothing when this cannot be done, else whether tfjs started.
 */
export function startOnSharedMemory(how: SharedStart): Promise<boolean | undefined> {
  const started = last.then(() => startOnce(how));
  last = started.catch(() => undefined);
  return started;
}

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { startOnSharedMemory, withSharedMemory } from './share-memory.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
// (type (func)), (memory 1 2)
const module = (...memory: number[]) => new Uint8Array([...HEADER, 1, 4, 1, 0x60, 0, 0, 5, memory.length, ...memory]);

it('makes the memory of a module shared and leaves the given bytes alone', () => {
  const before = module(1, 1, 1, 2);
  const after = withSharedMemory(before)!;
  expect(WebAssembly.validate(after)).toBe(true);
  expect([...after].flatMap((byte, i) => (byte === before[i] ? [] : [[i, byte]]))).toEqual([[17, 3]]);
});

it.each([
  ['without a maximum', module(1, 0, 1)],
  ['shared already', module(1, 3, 1, 2)],
  ['without a memory', new Uint8Array(HEADER)],
  ['that is cut off', module(1, 1, 1, 2).subarray(0, 16)],
])('gives up on a module %s', (_, bytes) => {
  expect(withSharedMemory(bytes)).toBeUndefined();
});

describe('startOnSharedMemory', () => {
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm');
  const { platform } = tf.env();
  afterEach(() => {
    Reflect.deleteProperty(platform, 'fetch');
  });

  /** Starts something that reads its binary and then ends so. Returns what became of it and what `setPaths` got. */
  async function start(end: () => Promise<boolean>) {
    const paths: boolean[] = [];
    const answer = await startOnSharedMemory({
      file,
      setPaths: (usePlatformFetch) => paths.push(usePlatformFetch),
      start: async () => {
        const binary = await (await platform.fetch(file)).arrayBuffer();
        expect(WebAssembly.validate(binary)).toBe(true);
        expect(withSharedMemory(new Uint8Array(binary))).toBeUndefined(); // it is shared already
        return end();
      },
    }).catch(String);
    return { answer, paths };
  }
  const starts = () => start(() => Promise.resolve(true));
  const fails = () => start(() => Promise.reject(new Error('no memory')));

  it('leaves the platform as it was, whether tfjs starts or not, also two at a time', async () => {
    const [one, other] = await Promise.all([starts(), fails()]);
    expect(one).toEqual({ answer: true, paths: [true, false] });
    expect(other).toEqual({ answer: 'Error: no memory', paths: [true, false] });
    expect(Object.hasOwn(platform, 'fetch')).toBe(false);
  });

  it('puts a hook of the user back, and asks it for other files meanwhile', async () => {
    const hook: typeof platform.fetch = (path) => Promise.resolve(new Response(`of the user: ${path}`));
    for (const end of [() => Promise.resolve(true), () => Promise.reject(new Error('no memory'))]) {
      platform.fetch = hook;
      let other = '';
      await start(async () => {
        other = await (await platform.fetch('other.wasm')).text();
        return end();
      });
      expect([other, platform.fetch === hook]).toEqual(['of the user: other.wasm', true]);
    }
  });
});

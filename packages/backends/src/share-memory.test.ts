import { expect, it } from 'vitest';
import { withSharedMemory } from './share-memory.ts';

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

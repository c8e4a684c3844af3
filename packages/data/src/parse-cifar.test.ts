import { describe, expect, it } from 'vitest';
import { parseCifar } from './parse-cifar.ts';

describe('parseCifar', () => {
  it('interleaves the planes', () => {
    const bytes = new Uint8Array(2 * 3073);
    bytes[0] = 3;
    bytes[3073] = 9;
    // pixel (row 1, column 2) of the second record is (10, 20, 30)
    for (const [channel, value] of [10, 20, 30].entries()) bytes[3073 + 1 + channel * 1024 + 32 + 2] = value;
    const { pixels, shape, labels } = parseCifar(bytes);
    expect(shape).toEqual([2, 32, 32, 3]);
    expect([...labels]).toEqual([3, 9]);
    expect([...pixels.subarray(3072 + (32 + 2) * 3, 3072 + (32 + 2) * 3 + 3)]).toEqual([10, 20, 30]);
    expect(pixels.reduce((sum, value) => sum + value, 0)).toBe(60);
  });

  it('refuses other files', () => {
    expect(() => parseCifar(new Uint8Array(3072), { name: 'x.bin' })).toThrow(
      'parseCifar: x.bin is not a CIFAR-10 binary file: expected a positive multiple of 3073 bytes, got 3072',
    );
    expect(() => parseCifar(new Uint8Array(0))).toThrow('got 0; it is an empty file');
    expect(() => parseCifar(Buffer.from('label\n1\n'))).toThrow('got 8; it is text');
    expect(() => parseCifar(new Uint8Array(3073).fill(10))).toThrow('the label of record 0 must be 0 to 9, got 10');
  });
});

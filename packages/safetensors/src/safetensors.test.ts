import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from './decode-safetensors.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import type { SafetensorsTensor } from './safetensors.ts';

const text = (value: string) => new TextEncoder().encode(value);
const build = (header: unknown, data = new Uint8Array(0), length?: number) => {
  const json = text(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
};
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
const sample = () =>
  encodeSafetensors({
    metadata: { z: 'last', a: 'ü' },
    tensors: new Map<string, SafetensorsTensor>([
      ['flags', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
      ['b', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, NaN, 1e-45) }],
      ['a', { dtype: 'I32', shape: [], data: Int32Array.of(-7) }],
      ['empty', { dtype: 'U8', shape: [0, 5], data: new Uint8Array(0) }],
    ]),
  });

describe('encodeSafetensors', () => {
  it('writes sorted names, wide types first, and a header padded with spaces to 8 bytes', () => {
    const bytes = sample();
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"a":"ü","z":"last"},"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},' +
        '"empty":{"dtype":"U8","shape":[0,5],"data_offsets":[20,20]},"flags":{"dtype":"BOOL","shape":[3],"data_offsets":[20,23]}}',
    );
    expect(bytes.length).toBe(8 + length + 23);
  });

  it('gives the same bytes whatever the order of insertion', () => {
    const { metadata, tensors } = decodeSafetensors(sample());
    expect(encodeSafetensors({ metadata, tensors: new Map([...tensors].reverse()) })).toEqual(sample());
  });

  it('refuses values that do not fit', () => {
    const encode = (name: string, tensor: SafetensorsTensor) => () =>
      encodeSafetensors({ metadata: {}, tensors: new Map([[name, tensor]]) });
    expect(encode('x', { dtype: 'F32', shape: [3], data: new Float32Array(2) })).toThrow(
      '`x` of F32 [3] must have 3 values in a Float32Array, got 2 in a Float32Array',
    );
    expect(encode('x', { dtype: 'F32', shape: [1], data: new Int32Array(1) })).toThrow('1 values in a Float32Array, got 1 in a Int32Array');
    expect(encode('x', { dtype: 'U8', shape: [-1, -2], data: new Uint8Array(2) })).toThrow('a shape of integers >= 0, got [-1, -2]');
    expect(encode('x', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(1, 3) })).toThrow('`x` of BOOL must hold 0 and 1 only, got 3');
    expect(() => encodeSafetensors({ metadata: { a: 3 as unknown as string }, tensors: new Map() })).toThrow(
      '`metadata.a` must be a string, got number',
    );
    expect(encode('__metadata__', { dtype: 'F32', shape: [0], data: new Float32Array(0) })).toThrow('must not be called');
  });
});

describe('decodeSafetensors', () => {
  it('reads back what was written, bit for bit, at any alignment', () => {
    const bytes = sample();
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    for (const source of [bytes, shifted]) {
      const { metadata, tensors } = decodeSafetensors(source);
      expect(metadata).toEqual({ a: 'ü', z: 'last' });
      expect(tensors.get('b')!.data).toEqual(Float32Array.of(1, -0, NaN, 1e-45));
      expect(tensors.get('a')).toEqual({ dtype: 'I32', shape: [], data: Int32Array.of(-7) });
      expect(tensors.get('flags')!.data).toEqual(Uint8Array.of(1, 0, 1));
      expect(tensors.get('empty')!.shape).toEqual([0, 5]);
    }
  });

  it('takes a key of one object for no duplicate in another, and a key within a string for none at all', () => {
    const metadata = { a: '{"a":1,"a":2}', dtype: '\\"a":', '': ':' };
    const { tensors, ...file } = decodeSafetensors(build({ __metadata__: metadata, a: f32(0, 4), b: f32(4, 8) }, new Uint8Array(8)));
    expect(file.metadata).toEqual(metadata);
    expect([...tensors.keys()]).toEqual(['a', 'b']);
  });

  it('reads tensors that are not aligned to their type', () => {
    const header = { a: { dtype: 'U8', shape: [3], data_offsets: [0, 3] }, b: f32(3, 7) };
    const { tensors } = decodeSafetensors(build(header, Uint8Array.of(1, 2, 3, 0, 0, 128, 63)));
    expect(tensors.get('b')!.data).toEqual(Float32Array.of(1));
  });

  it("reads a file written by Python's safetensors", () => {
    const { metadata, tensors } = decodeSafetensors(readFileSync(new URL('../fixtures/python.safetensors', import.meta.url)));
    expect(metadata).toEqual({ writer: 'safetensors for Python' });
    expect(tensors.get('weight')).toEqual({ dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5) });
    expect(tensors.get('count')).toEqual({ dtype: 'I32', shape: [], data: Int32Array.of(-3) });
    expect(tensors.get('mask')).toEqual({ dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) });
    expect(tensors.get('bytes')).toEqual({ dtype: 'U8', shape: [2], data: Uint8Array.of(7, 255) });
    expect(tensors.size).toBe(4);
  });

  it('reads half precision, bfloat16 and small 64-bit integers as float32 and int32', () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const brain = Uint16Array.of(0x3f80, 0xbfc0, 0x7f80, 0x0001);
    const long = BigInt64Array.of(-2147483648n, 2147483647n);
    const bytes = [long, half, brain].flatMap(({ buffer }) => [...new Uint8Array(buffer)]);
    const entry = (dtype: string, shape: number[], data_offsets: number[]) => ({ dtype, shape, data_offsets });
    const header = { long: entry('I64', [2], [0, 16]), half: entry('F16', [2, 4], [16, 32]), brain: entry('BF16', [4], [32, 40]) };
    const { tensors } = decodeSafetensors(build(header, Uint8Array.from(bytes)));
    const halves = Float32Array.of(1, -2, 65504, 2 ** -24, -0, Infinity, -Infinity, NaN);
    expect(tensors.get('half')).toEqual({ dtype: 'F32', shape: [2, 4], data: halves });
    expect(tensors.get('brain')).toEqual({ dtype: 'F32', shape: [4], data: Float32Array.of(1, -1.5, Infinity, 2 ** -133) });
    expect(tensors.get('long')).toEqual({ dtype: 'I32', shape: [2], data: Int32Array.of(-2147483648, 2147483647) });
  });

  it('reads every half, bfloat16 and small integer, and rounds doubles', () => {
    const every = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
    const entryOf = (dtype: string, size: number, bytes: number) => ({ dtype, shape: [size], data_offsets: [0, bytes] });
    const read = (dtype: string, values: Uint16Array | Float64Array | Int8Array | Int16Array) =>
      decodeSafetensors(
        build({ a: entryOf(dtype, values.length, values.byteLength) }, Uint8Array.from(new Uint8Array(values.buffer))),
      ).tensors.get('a')!;
    const halves = read('F16', every).data;
    const brains = read('BF16', every).data;
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const sign = bits & 0x8000 ? -1 : 1;
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const half = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
      if (exponent < 31) expect(halves[bits]).toBe(sign * half);
      const [wide, rest] = [(bits >> 7) & 255, bits & 127];
      const brain = wide === 0 ? rest * 2 ** -133 : (128 + rest) * 2 ** (wide - 134);
      if (wide < 255) expect(brains[bits]).toBe(sign * brain);
    }
    expect(read('F64', Float64Array.of(0.1, 1e300, -0))).toEqual({ dtype: 'F32', shape: [3], data: Float32Array.of(0.1, Infinity, -0) });
    expect(read('I8', Int8Array.of(-128, 127))).toEqual({ dtype: 'I32', shape: [2], data: Int32Array.of(-128, 127) });
    expect(read('I16', Int16Array.of(-32768, 32767))).toEqual({ dtype: 'I32', shape: [2], data: Int32Array.of(-32768, 32767) });
  });

  const eight = new Uint8Array(8);
  const entry = JSON.stringify(f32(0, 8));
  const damaged: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(0), 'expected at least 8 bytes, got 0'],
    ['a header longer than the file', build({}, eight, 99), 'the header must have 2 to 10 bytes, says 99'],
    ['an enormous header', build({}, eight, Number.MAX_SAFE_INTEGER), 'the header must have'],
    ['what is not JSON', build('{"a":'), 'the header is not valid JSON'],
    ['bytes that are not UTF-8', build('{}').fill(0xff, 8), 'the header is not valid JSON'],
    ['a byte order mark', build('\ufeff{}'), 'the header is not valid JSON'],
    ['a header that does not start with its object', build(' {}'), 'the header must be a JSON object'],
    ['an array', build([]), 'the header must be a JSON object'],
    [
      'an unknown type',
      build({ a: { ...f32(0, 8), dtype: 'F8_E4M3' } }, eight),
      '`a` must have a dtype of F32, I32, BOOL, U8, F16, BF16, F64, I8, I16, I64, got "F8_E4M3"',
    ],
    ['a type from the prototype', build({ a: { ...f32(0, 8), dtype: 'toString' } }, eight), '`a` must have a dtype'],
    ['a negative shape', build({ a: f32(0, 8, [-2]) }, eight), '`a` must have a shape of integers >= 0, got [-2]'],
    [
      'a shape that is nested deeply',
      build(`{"a":{"dtype":"F32","shape":${'['.repeat(20_000)}${']'.repeat(20_000)},"data_offsets":[0,8]}}`, eight),
      '`a` must have a shape of integers >= 0, got [[[[[…]]]]]',
    ],
    ['a fractional shape', build({ a: f32(0, 8, [0.5]) }, eight), '`a` must have a shape'],
    ['a shape that overflows', build({ a: f32(0, 8, [2 ** 52, 2 ** 52]) }, eight), 'must have 8.1'],
    ['missing offsets', build({ a: { dtype: 'F32', shape: [2] } }, eight), '`a` must have two data_offsets'],
    ['offsets past the end', build({ a: f32(4, 12) }, eight), '`a` must lie within the 8 bytes of data, got 4 to 12'],
    ['offsets in reverse', build({ a: f32(8, 0) }, eight), '`a` must'],
    ['a size that is not the shape', build({ a: f32(0, 8, [3]) }, eight), '`a` of F32 [3] must have 12 bytes, got 8'],
    ['overlapping tensors', build({ a: f32(0, 8), b: f32(4, 8) }, eight), '`b` must start at byte 8 of the data, got 4'],
    ['a gap', build({ a: f32(4, 8) }, eight), '`a` must start at byte 0 of the data, got 4'],
    ['bytes at the end', build({ a: f32(0, 4) }, eight), 'the tensors must cover 8 bytes of data, got 4'],
    ['metadata that are not strings', build({ __metadata__: { step: 3 } }), '`__metadata__.step` must be a string, got 3'],
    ['metadata that are not an object', build({ __metadata__: ['a'] }), '`__metadata__` must be an object'],
    ['the same tensor twice', build(`{"a":${entry},"b":1,"a":${entry}}`, eight), 'the header has `a` twice in one object'],
    ['the same tensor in other escapes', build(`{"a":${entry},"\\u0061":${entry}}`, eight), 'the header has `a` twice'],
    ['two metadata', build(`{"__metadata__":{},"a":${entry},"__metadata__" : {}}`, eight), 'the header has `__metadata__` twice'],
    ['the same key of metadata twice', build('{"__metadata__":{"k":"1","l":"","k":"2"}}'), 'the header has `k` twice'],
    ['the same field of a tensor twice', build(`{"a":{"dtype":"I32",${entry.slice(1)}}`, eight), 'the header has `dtype` twice'],
    [
      'a name with control characters, which the message escapes',
      build({ 'a\u001b[2J\u202e\n': f32(4, 8) }, eight),
      '`a\\u{1b}[2J\\u{202e}\\n` must start at byte 0',
    ],
    [
      'a 64-bit integer that does not fit',
      build({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0)),
      '`a` of I64 must hold values of 32 bits only',
    ],
    ['an odd size of half precision', build({ a: { ...f32(0, 8), dtype: 'F16' } }, eight), '`a` of F16 [2] must have 4 bytes, got 8'],
    [
      'a bool of 2',
      build({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)),
      '`a` of BOOL must hold 0 and 1 only',
    ],
  ];
  it.each(damaged)('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'SELFSUP_CHECKPOINT', message: expect.stringContaining(message) as string }) as Error); // prettier-ignore
  });

  it('refuses every truncation', () => {
    const bytes = sample();
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'SELFSUP_CHECKPOINT' }) as Error);
  });

  it('never fails other than by its own error, whatever bytes change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sample().length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const bytes = sample();
          for (const [at, value] of changes) bytes[at] = value;
          try {
            decodeSafetensors(bytes);
          } catch (error) {
            expect(error).toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

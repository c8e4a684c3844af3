import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodePytorch } from './decode-pytorch.ts';

interface Expected {
  readonly shape: number[];
  readonly data: (number | string)[];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/pytorch.json', import.meta.url), 'utf8')) as {
  files: Record<string, string>;
  expected: Record<string, Record<string, Expected>>;
};
const file = (name: string) => new Uint8Array(Buffer.from(fixture.files[name]!, 'base64'));

const refusal = (message: string) =>
  expect.objectContaining({ code: 'SELFSUP_CHECKPOINT', message: expect.stringContaining(message) as string }) as Error;
const bytesOf = (...parts: (string | number | Uint8Array | readonly number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : typeof part === 'number' ? [part] : [...part])),
  );
const uint32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const word = (value: string) => bytesOf('X', uint32(Buffer.byteLength(value)), value);
const count = (value: number) => bytesOf('J', uint32(value));
const named = (module: string, name: string) => `c${module}\n${name}\n`;
const counts = (values: readonly number[]) => bytesOf('(', ...values.map(count), 't');
/** A tensor as torch.save pickles it. */
const tensor = (
  shape: readonly number[],
  { strides = shape.map(() => 1), offset = 0, length = 4, key = '0', type = 'FloatStorage' } = {},
) =>
  bytesOf(
    named('torch._utils', '_rebuild_tensor_v2'),
    ...[
      '((',
      word('storage'),
      named('torch', type),
      word(key),
      word('cpu'),
      count(length),
      'tQ',
      count(offset),
      counts(shape),
      counts(strides),
    ],
    ...[0x89, named('collections', 'OrderedDict'), ')RtR'],
  );
const dict = (...items: (readonly [string, Uint8Array | string])[]) =>
  bytesOf('}(', ...items.flatMap(([key, value]) => [word(key), value]), 'u');
const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
const archive = (pickle: Uint8Array | string, more: Record<string, Uint8Array> = {}) =>
  zipSync({ 'x/data.pkl': bytesOf(0x80, 2, pickle, '.'), 'x/data/0': data, 'x/byteorder': bytesOf('little'), ...more }, { level: 0 });

describe('decodePytorch', () => {
  it.each(['state', 'views', 'types', 'checkpoint'])('reads what torch.save wrote: %s', (name) => {
    const { tensors } = decodePytorch(file(name));
    const expected = fixture.expected[name]!;
    expect([...tensors.keys()]).toEqual(Object.keys(expected));
    for (const [key, { shape, data: values }] of Object.entries(expected)) {
      const found = tensors.get(key)!;
      const numbers = values.map((value) => (typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : value));
      const rounded = found.dtype === 'F32' ? numbers.map(Math.fround) : numbers;
      expect({ key, shape: found.shape, data: [...found.data] }).toEqual({ key, shape, data: rounded });
    }
  });

  it('keeps the kinds of elements', () => {
    const { tensors, left } = decodePytorch(file('types'));
    expect([...tensors].map(([name, { dtype }]) => `${name} ${dtype}`).join()).toBe(
      'half F32,brain F32,double F32,long I32,int I32,short I32,char I32,byte U8,flags BOOL',
    );
    expect(left).toEqual([]);
  });

  it('names what it leaves out, by the outermost name', () => {
    const left = [
      'optimizer.param_groups',
      'scheduler',
      'epoch',
      'large',
      'best',
      'args',
      'size',
      'type',
      'device',
      'names',
      'nothing',
      'yes',
    ];
    expect(decodePytorch(file('checkpoint')).left).toEqual(left);
    const { tensors, left: unread } = decodePytorch(file('notRead'));
    expect([[...tensors.keys()], unread]).toEqual([['a'], ['complex', 'unsigned', 'wide']]);
  });

  it('reads deflated files, and views into larger memory, as copies', () => {
    expect(decodePytorch(file('deflated'))).toEqual(decodePytorch(file('state')));
    const bytes = file('plain');
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const { tensors } = decodePytorch(Buffer.from(shifted.buffer, 3));
    shifted.fill(0);
    expect(tensors.get('a')).toEqual({ dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) });
  });

  it('reads the pickles of these tests', () => {
    const { tensors, left } = decodePytorch(archive(dict(['a', tensor([2, 2], { strides: [1, 2] })], ['n', 'N'])));
    expect(tensors.get('a')).toEqual({ dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) });
    expect(left).toEqual(['n']);
  });

  it.each([
    ['a pickle that would run a command', file('evil'), 'asks for `posix.system` of Python, which is not a tensor; nothing in it was run'],
    ['the way out', file('evil'), 'safetensors.torch.save_file('],
    ['a whole module', file('module'), 'asks for `torch.nn.modules.container.Sequential` of Python'],
    ['the format before PyTorch 1.6', file('legacy'), 'the format of PyTorch before 1.6'],
    ['another protocol', file('protocol4'), 'must have protocol 2, the default of torch.save, got 4'],
    ['a tensor by itself', file('tensor'), 'must hold a dictionary of tensors'],
    ['TorchScript', file('script'), 'TorchScript'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodePytorch(bytes)).toThrow(refusal(message));
  });

  const one = dict(['a', tensor([4])]);
  const evil = bytesOf(named('os', 'system'), word('true'), 0x85, 'R');
  const nested = (levels: number) => bytesOf(...Array.from({ length: levels }, () => [']']).flat(), tensor([1]), 'a'.repeat(levels));
  // each list holds the one before twice
  const bomb = (inner: Uint8Array | string) =>
    bytesOf('](', ...Array.from({ length: 49 }, () => ']('), inner, ...Array.from({ length: 50 }, (_, i) => bytesOf('q', i, 'h', i, 'e')));
  const tail = (bytes: Uint8Array, offset: number, values: readonly number[]) => {
    const at = Buffer.from(bytes).lastIndexOf('PK\u0005\u0006') + offset;
    return bytes.map((value, i) => values[i - at] ?? value);
  };
  it.each([
    ['a call with os.system', archive(evil), '`os.system`'],
    ['a name with control characters, which the message escapes', archive(named('o\u001b[2J', 'x')), '`o\\u{1b}[2J.x`'],
    ['eval by its old name', archive(named('__builtin__', 'eval')), '`__builtin__.eval`'],
    ['getattr', archive(named('__builtin__', 'getattr')), '`__builtin__.getattr`'],
    ['operations of other protocols', archive(bytesOf(0x8c, 1, 'a')), 'the operation 0x8c'],
    ['the operation that calls a class by its name', archive('(ios\nsystem\n'), 'the operation 0x69'],
    ['a registered extension', archive(bytesOf(0x82, 1)), 'the operation 0x82'],
    ['a call of data', archive(bytesOf('})R')), 'a call in the pickle must have a name and arguments'],
    ['a storage that is not one', archive(bytesOf('NQ')), 'a storage must have a type'],
    ['lists nested deeply', archive(dict(['a', nested(100)])), 'at most 64 levels deep'],
    ['lists nested very deeply', archive(dict(['a', nested(20_000)])), 'at most 64 levels deep'],
    ['a list within itself', archive(bytesOf(']q\u0000h\u0000a')), 'at most 64 levels deep'],
    ['a bomb of tensors', archive(bomb(tensor([1]))), 'at most 1000000 values'],
    ['values left behind', archive('NN'), 'leaves values behind'],
    ['an empty stack', archive('0'), 'the operation 0x30'],
    ['nothing to return', archive(''), 'takes a value that is not there'],
    ['a mark that is not there', archive('t'), 'takes a mark that is not there'],
    ['a memo that is not there', archive('hz'), 'recalls a value that it has not seen'],
    ['items of a number', archive('K\u0001NNs'), 'sets items of what is not a dictionary'],
    ['a pickle that ends early', archive(bytesOf('X', uint32(4e9))), 'ends early'],
    ['attributes of a number', archive('NNb'), 'sets attributes of what has none'],
    ['a tensor beyond its storage', archive(dict(['a', tensor([5])])), '`a` of shape [5] must lie within its storage of 4 values'],
    ['an offset beyond the storage', archive(dict(['a', tensor([1], { offset: 4 })])), 'must lie within its storage'],
    ['strides beyond the storage', archive(dict(['a', tensor([2], { strides: [4] })])), 'must lie within its storage'],
    ['a negative stride', archive(dict(['a', tensor([2], { strides: [-1], offset: 1 })])), 'a stride of integers >= 0'],
    ['a negative side', archive(dict(['a', tensor([-1])])), 'a shape of integers >= 0'],
    ['fewer strides than sides', archive(dict(['a', tensor([1, 1], { strides: [1] })])), 'one stride for each side'],
    ['an enormous view of one value', archive(dict(['a', tensor([65536, 65536], { strides: [0, 0] })])), 'more than 16777216 bytes'],
    [
      'sides that overflow',
      archive(dict(['a', tensor(Array<number>(40).fill(2 ** 30), { strides: Array<number>(40).fill(0) })])),
      'must lie within',
    ],
    ['many enormous views', archive(dict(...Array.from({ length: 9 }, (_, i) => [`a${i}`, tensor([500_000], { strides: [0] })] as const))), 'the tensors up to `a8` take more than'], // prettier-ignore
    ['a missing storage', archive(dict(['a', tensor([1], { key: '7' })])), 'the storage of `a` is missing'],
    ['a storage in another folder', archive(dict(['a', tensor([1], { key: '../byteorder' })])), 'the storage of `a` is missing'],
    ['a storage of another size', archive(dict(['a', tensor([4], { length: 5 })])), 'must have 20 bytes, has 16'],
    ['two tensors of one name', archive(dict(['a.b', tensor([1])], ['a', dict(['b', tensor([1])])])), 'two tensors are called `a.b`'],
    ['big-endian files', archive(one, { 'x/byteorder': bytesOf('big') }), 'the byte order must be `little`, got `big`'],
    ['no pickle', zipSync({ 'x/data/0': data }), 'must have one folder with data.pkl'],
    ['two pickles', archive(one, { 'y/data.pkl': data }), 'must have one folder with data.pkl'],
    ['names that lead elsewhere', archive(one, { 'x/../../.bashrc': data }), '`x/../../.bashrc`, whose name leads elsewhere'],
    ['absolute names', archive(one, { '/etc/passwd': data }), 'leads elsewhere'],
    ["names with another system's slash", archive(one, { '..\\x': data }), 'leads elsewhere'],
    ['more entries than fit', tail(archive(one), 10, [255, 255]), 'does not fit the file'],
    ['a directory beyond the file', tail(archive(one), 16, [255, 255, 255, 127]), 'does not fit the file'],
    ['tar', bytesOf(new Uint8Array(257), 'ustar', new Uint8Array(250)), 'the format of PyTorch before 1.6'],
    ['safetensors', bytesOf([9, 0, 0, 0, 0, 0, 0, 0], '{}'), 'looks like a safetensors file'],
    ['a pointer of Git LFS', bytesOf('version https://git-lfs.github.com/spec/v1\n'), 'git lfs pull'],
    ['nothing', new Uint8Array(0), 'expected a zip archive that torch.save wrote, got 0 bytes'],
    ['HTML', bytesOf('<!doctype html>'), 'begin with 3c 21 64 6f'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodePytorch(bytes)).toThrow(refusal(message));
  });

  it('leaves out a bomb without tensors at once', () => {
    expect(decodePytorch(archive(dict(['bomb', bomb('N')], ['a', tensor([1])]))).left).toEqual(['bomb']);
  });

  it('refuses a deflated entry whose size cannot be', () => {
    const bytes = zipSync({ 'x/data.pkl': new Uint8Array(1e6) });
    const at = Buffer.from(bytes).lastIndexOf('PK\u0001\u0002') + 24;
    bytes.set([255, 255, 255, 127], at);
    expect(() => decodePytorch(bytes)).toThrow(refusal('`x/data.pkl` in the zip archive cannot have 2147483647 bytes'));
  });

  it('refuses every truncation and every changed byte of a tensor', () => {
    const bytes = file('plain');
    for (let length = 0; length < bytes.length; length++) expect(() => decodePytorch(bytes.subarray(0, length))).toThrow(refusal('decodePytorch: ')); // prettier-ignore
    const at = Buffer.from(bytes).indexOf(Buffer.from(Float32Array.of(1, 2).buffer));
    for (let i = 0; i < 8; i++) expect(() => decodePytorch(bytes.map((value, j) => (j === at + i ? value ^ 1 : value)))).toThrow(refusal('CRC-32')); // prettier-ignore
  });

  it('never fails other than by its own error, whatever bytes change', () => {
    const pickle = dict(['a', tensor([4])], ['b', dict(['c', tensor([2, 2], { strides: [1, 2] })], ['n', 'K\u0001'])]);
    const change = fc.tuple(fc.nat(pickle.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.boolean(), (changes, inPickle) => {
        const bytes = inPickle ? pickle.slice() : archive(pickle);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          decodePytorch(inPickle ? archive(bytes) : bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

import { conversion, failPytorch as fail } from './fail-pytorch.ts';
import { isKind, type PickledTuple, type PickledValue } from './pickle-value.ts';
import { globalOf, reduce, storageOf } from './rebuild.ts';

const MOST_OPERATIONS = 4_000_000; // a network of 10,000 tensors takes 400,000
const damaged = (what: string): never => fail(`the pickle ${what}; the file is damaged`);

/** Reads numbers and texts one after the other, never beyond the end. */
function readerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  const take = (length: number) => {
    if (length > bytes.length - at) damaged('ends early');
    at += length;
    return at - length;
  };
  return {
    byte: () => bytes[take(1)]!,
    uint16: () => view.getUint16(take(2), true),
    uint32: () => view.getUint32(take(4), true),
    int32: () => view.getInt32(take(4), true),
    float64: () => view.getFloat64(take(8), false),
    text(length: number) {
      const from = take(length);
      return text.decode(bytes.subarray(from, from + length));
    },
    line() {
      const end = bytes.indexOf(10, at);
      if (end < 0 || end - at > 1000) damaged('has a name without an end');
      const from = at;
      at = end + 1;
      return text.decode(bytes.subarray(from, end));
    },
    /** A little-endian two's complement, as a number if it is a safe one. */
    long(length: number) {
      const from = take(length);
      let value = 0n;
      for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]!);
      value = BigInt.asIntN(Math.max(1, length * 8), value);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    },
  };
}

/** The stack of the machine, with its marks. */
function createStack() {
  const values: PickledValue[] = [];
  const marks: number[] = [];
  const floor = () => marks.at(-1) ?? 0;
  return {
    push(value: PickledValue) {
      values.push(value);
    },
    mark() {
      marks.push(values.length);
    },
    pop(): PickledValue {
      if (values.length <= floor()) damaged('takes a value that is not there');
      return values.pop()!;
    },
    popMark(): PickledValue[] {
      if (marks.length === 0) damaged('takes a mark that is not there');
      return values.splice(marks.pop()!);
    },
    top(): PickledValue {
      if (values.length <= floor()) damaged('looks at a value that is not there');
      return values.at(-1)!;
    },
    isEmpty: () => values.length === 0 && marks.length === 0,
  };
}

type Stack = ReturnType<typeof createStack>;

const tuple = (items: PickledValue[]): PickledTuple => ({ kind: 'tuple', items });

function popTuple(stack: Stack, length: number): PickledTuple {
  const items = Array.from({ length }, () => stack.pop());
  return tuple(items.reverse());
}

function setItems(stack: Stack, items: readonly PickledValue[]): void {
  const target = stack.top();
  if (isKind(target, 'opaque')) return;
  if (!isKind(target, 'dict') || items.length % 2 !== 0) return damaged('sets items of what is not a dictionary');
  for (let i = 0; i < items.length; i += 2) target.items.push([items[i]!, items[i + 1]!]);
}

function append(stack: Stack, items: readonly PickledValue[]): void {
  const target = stack.top();
  if (isKind(target, 'opaque')) return;
  if (!isKind(target, 'list')) return damaged('appends to what is not a list');
  for (const item of items) target.items.push(item);
}

/** Attributes are left out; they may be set where they change nothing of the data. */
function build(stack: Stack): void {
  stack.pop();
  if (!isKind(stack.top(), 'dict') && !isKind(stack.top(), 'opaque')) damaged('sets attributes of what has none');
}

function unknownOperation(code: number): never {
  fail(
    `the pickle has the operation 0x${code.toString(16).padStart(2, '0')}, which torch.save does not write; nothing in it was run; ${conversion}`,
  );
}

/**
 * Reads a pickle as torch.save writes it, without ever running anything: operations of protocol 2 alone, and no name of Python but the few that data need. Internal.
 *
 * @param bytes the pickle
 * @returns data only
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on any other name, operation or protocol, and on a damaged pickle
 */
export function unpickle(bytes: Uint8Array): PickledValue {
  const reader = readerOf(bytes);
  const stack = createStack();
  const memo = new Map<number, PickledValue>();
  const recall = (index: number) => (memo.has(index) ? memo.get(index)! : damaged('recalls a value that it has not seen'));
  const callOf = (args: PickledValue) => reduce(stack.pop(), args);
  /** What each of these makes goes onto the stack. */
  const makers: Readonly<Record<number, () => PickledValue>> = {
    0x29: () => tuple([]), // )
    0x5d: () => ({ kind: 'list', items: [] }), // ]
    0x7d: () => ({ kind: 'dict', items: [] }), // }
    0x4e: () => null, // N
    0x88: () => true,
    0x89: () => false,
    0x4a: () => reader.int32(), // J
    0x4b: () => reader.byte(), // K
    0x4d: () => reader.uint16(), // M
    0x8a: () => reader.long(reader.byte()),
    0x47: () => reader.float64(), // G
    0x58: () => reader.text(reader.uint32()), // X
    0x68: () => recall(reader.byte()), // h
    0x6a: () => recall(reader.uint32()), // j
    0x74: () => tuple(stack.popMark()), // t
    0x85: () => popTuple(stack, 1),
    0x86: () => popTuple(stack, 2),
    0x87: () => popTuple(stack, 3),
    0x63: () => globalOf(reader.line(), reader.line()), // c
    0x51: () => storageOf(stack.pop()), // Q
    0x52: () => callOf(stack.pop()), // R
    0x81: () => callOf(stack.pop()), // an object of a class, before its attributes
  };
  const actions: Readonly<Record<number, () => void>> = {
    0x28: () => {
      stack.mark();
    }, // (
    0x71: () => {
      memo.set(reader.byte(), stack.top());
    }, // q
    0x72: () => {
      memo.set(reader.uint32(), stack.top());
    }, // r
    0x61: () => {
      append(stack, [stack.pop()]);
    }, // a
    0x65: () => {
      append(stack, stack.popMark());
    }, // e
    0x73: () => {
      setItems(stack, popTuple(stack, 2).items);
    }, // s
    0x75: () => {
      setItems(stack, stack.popMark());
    }, // u
    0x62: () => {
      build(stack);
    }, // b
  };
  if (reader.byte() !== 0x80) fail(`the pickle does not begin with its protocol, as one of torch.save does; ${conversion}`);
  const protocol = reader.byte();
  if (protocol !== 2) fail(`the pickle must have protocol 2, the default of torch.save, got ${protocol}; ${conversion}`);
  for (let count = 0; count < MOST_OPERATIONS; count++) {
    const code = reader.byte();
    if (code === 0x2e) {
      const value = stack.pop();
      if (!stack.isEmpty()) damaged('leaves values behind');
      return value;
    }
    const maker = makers[code];
    if (maker) stack.push(maker());
    else (actions[code] ?? unknownOperation(code))();
  }
  return fail(`the pickle has more than ${MOST_OPERATIONS} operations`);
}

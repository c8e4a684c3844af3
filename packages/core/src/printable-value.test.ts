import { expect, it } from 'vitest';
import { printableValue } from './printable-value.ts';

it('writes data as JSON does', () => {
  for (const value of [null, true, 1.5, 'a "b" \\', [1, [2]], { a: { 'b c': [] } }, Object.create(null)])
    expect(printableValue(value)).toBe(JSON.stringify(value));
});

it('writes what JSON does not know', () => {
  expect(printableValue([NaN, -Infinity, undefined, 10n, Symbol('x'), () => 1, new Map()])).toBe(
    '[NaN,-Infinity,undefined,10n,a symbol,a function,a Map]',
  );
});

it('comes to an end, whatever it gets', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  expect(printableValue(circle)).toBe('[[[[[…]]]]]');
  expect(printableValue(JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toBe('[[[[[…]]]]]');
  expect(printableValue(new Array(1e9))).toMatch(/^\[undefined,.*…$/);
  const throwing = Object.defineProperty({}, 'a', { enumerable: true, get: () => { throw new Error('no'); } }); // prettier-ignore
  expect(printableValue(throwing)).toBe('an object that cannot be looked at');
});

it('is short and steers nothing', () => {
  expect(printableValue('x'.repeat(1e6), { maxLength: 10 })).toBe(`"${'x'.repeat(9)}…`);
  expect(printableValue({ '\u001b[31m': '\u202e' })).toBe(String.raw`{"\u001b[31m":"\u{202e}"}`);
});

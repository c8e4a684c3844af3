import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test.each([
  ['encoder/layer0/kernel', 'encoder/layer0/kernel'],
  ['größe 😀', 'größe 😀'],
  ['\u0000\u001b[31m\u007f\u009b', '\\u{0}\\u{1b}[31m\\u{7f}\\u{9b}'],
  ['a\u2028b\u202ec\u200bd\ufeff', 'a\\u{2028}b\\u{202e}c\\u{200b}d\\u{feff}'],
  ['\ud800', '\\u{d800}'],
])('printable %#', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('printable cuts what is long, between characters', () => {
  expect(printable('x'.repeat(120))).toBe('x'.repeat(120));
  expect(printable('😀'.repeat(500))).toBe(`${'😀'.repeat(120)}…`);
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from './printable.ts';

describe('printable', () => {
  it('leaves what can be read as it is', () => {
    for (const text of [
      '',
      'photo (1).jpg',
      String.raw`C:\photos\new`,
      'Größe',
      '猫.png',
      '👩‍👧.jpg',
      'می‌خواهم',
      'تصویر',
      'é'.normalize('NFD'),
    ])
      expect(printable(text)).toBe(text);
  });

  it.each([
    ['a\u001b[2Jb', String.raw`a\u{1b}[2Jb`],
    ['a\nb\tc\rd', String.raw`a\nb\tc\rd`],
    ['photo\u202egpj.exe', String.raw`photo\u{202e}gpj.exe`],
    ['\u2066a\u2069\u061c\u200e\u200f', String.raw`\u{2066}a\u{2069}\u{61c}\u{200e}\u{200f}`],
    ['a\u200bb\ufeffc\u00add', String.raw`a\u{200b}b\u{feff}c\u{ad}d`],
    ['\u009b31m\u007f\u0000', String.raw`\u{9b}31m\u{7f}\u{0}`],
    ['a\u2028b\u2029c', String.raw`a\u{2028}b\u{2029}c`],
    ['a\ud800b', String.raw`a\u{d800}b`],
    ['\u{e0041}', String.raw`\u{e0041}`],
  ])('writes %j out', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('cuts long texts between characters', () => {
    expect(printable('abcdef', { maxLength: 3 })).toBe('abc…');
    expect(printable('abc', { maxLength: 3 })).toBe('abc');
    expect(printable('😀😀😀', { maxLength: 2 })).toBe('😀😀…');
    expect(printable('😀😀', { maxLength: 2 })).toBe('😀😀');
    expect(printable('\n\n\n', { maxLength: 2 })).toBe(String.raw`\n\n…`);
  });

  it('is one line without control characters, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });
});

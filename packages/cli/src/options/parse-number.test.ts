import { describe, expect, it } from 'vitest';
import { parseRange } from './parse-number.ts';

describe('parseRange', () => {
  it('reads one whole number or two', () => {
    expect([parseRange('2'), parseRange('1-3')]).toEqual([2, [1, 3]]);
  });

  it.each(['', '1.5', '-1', '1-', '1-2-3', 'x'])('refuses %j', (text) => {
    expect(() => parseRange(text)).toThrow('It must be a whole number, or two such as 1-3.');
  });
});

import { expect, it } from 'vitest';
import { fromCheckedJson, toCheckedJson } from './checked-json.ts';
import { crc32 } from './crc-32.ts';

const read = (text: string) => fromCheckedJson(text, { name: 'x.json', advice: 'restore it' });

it('takes the CRC-32 of zip', () => {
  expect(crc32('123456789')).toBe('cbf43926');
  expect(crc32('')).toBe('00000000');
});

it('gives back what was written, laid out anew or not', () => {
  const value = { b: [1, 2.5, null], a: { text: 'ü"\\' }, 7: -1e-300 };
  expect(read(toCheckedJson(value))).toEqual(value);
  expect(read(JSON.stringify(JSON.parse(toCheckedJson(value))))).toEqual(value);
});

it('finds every bit that flips', () => {
  const value = { seed: 3, name: 'shapes', list: [1, 2] };
  const text = toCheckedJson(value);
  for (let at = 0; at < text.length; at++)
    for (let bit = 0; bit < 7; bit++) {
      const flipped = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ (1 << bit))}${text.slice(at + 1)}`;
      let found: object | undefined;
      try {
        found = read(flipped);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
      }
      if (found) expect(found).toEqual(value); // only white space
    }
});

it('refuses what is nested so deeply that it cannot have been written', () => {
  const text = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)},"check":"00000000"}`;
  expect(() => read(text)).toThrow('x.json is damaged or was changed: it does not fit its `check`');
});

it('says what is in the file', () => {
  expect(() => read('{"a":')).toThrow('x.json is not valid JSON; restore it');
  expect(() => read('[1]')).toThrow('x.json must hold an object; restore it');
  expect(() => read('{"a":1}')).toThrow('x.json has no `check`, so it is not as selfsup wrote it; restore it');
  expect(() => read(toCheckedJson({ a: 1 }).replace('1', '2'))).toThrow(
    'x.json is damaged or was changed: it does not fit its `check`; restore it',
  );
});

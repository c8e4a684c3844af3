import { describe, expect, it } from 'vitest';
import { countOf } from './count-of.ts';

describe('countOf', () => {
  it.each([
    [0, 'texts', '0 texts'],
    [1, 'training images', '1 training image'],
    [1500, 'classes', '1,500 classes'],
    [1, 'classes', '1 class'],
    [1, 'queries', '1 query'],
    [1, '.jpg files', '1 .jpg file'],
    [1, 'links out of the folder', '1 link out of the folder'],
    [1, 'texts without a class', '1 text without a class'],
    [1, 'drawings and documents', '1 drawing or document'],
    [2, 'drawings and documents', '2 drawings and documents'],
  ])('says %i %s', (count, plural, said) => {
    expect(countOf(count, plural)).toBe(said);
  });

  it('takes a singular that is odd', () => {
    expect([countOf(1, 'copies', 'copy'), countOf(2, 'copies', 'copy')]).toEqual(['1 copy', '2 copies']);
  });
});

import { arrayImages } from '@selfsup/data';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { withBroken } from '../../fixtures/gray-images.ts';
import { showImages } from './thumbnails.ts';

describe('showing images', () => {
  const pictureOf = (uri: string) =>
    decode(Uint8Array.from(atob(uri.replace(/^data:image\/png;base64,/, '')), (letter) => letter.charCodeAt(0)));

  it('enlarges small ones without smoothing', async () => {
    const [second, first, again] = await showImages(arrayImages(Uint8Array.of(0, 255, 255, 0, 7, 7, 7, 7), [2, 2, 2, 1]), [1, 0, 1]);
    expect(second).toEqual(again);
    const { width, height, channels, data } = pictureOf(first!.image!);
    expect([width, height, channels]).toEqual([40, 40, 3]);
    const at = (x: number, y: number) => Array.from(data.subarray((y * 40 + x) * 3, (y * 40 + x) * 3 + 3));
    expect([at(0, 0), at(19, 19), at(20, 19), at(39, 0), at(0, 20), at(39, 39)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [255, 255, 255],
      [255, 255, 255],
      [255, 255, 255],
      [0, 0, 0],
    ]);
  });

  it('shrinks large ones to means', async () => {
    const side = 60;
    const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i % 3 === 0 ? (Math.floor(i / 3) % 2) * 100 : 200)); // columns of red 0 and 100
    const [item] = await showImages(arrayImages(pixels, [1, side, side, 3]), [0]);
    const { data } = pictureOf(item!.image!);
    expect(Array.from(data.subarray(0, 9))).toEqual([33, 200, 200, 33, 200, 200, 67, 200, 200]); // 1.5 columns each: 0 and half of 100, the other half and 0, 100 and half of 0
  });

  it('says so where an image cannot be read', async () => {
    expect(await showImages(withBroken([2]), [2])).toEqual([{ text: 'cannot be read' }]);
  });
});

import type { Pictures } from './learn.ts';

/** The edge that pictures are brought to. */
const SIZE = 32;

/** Pictures that someone chose: the middle square of each, small. What is not a picture is left out. */
export async function ownPictures(files: Iterable<Blob>): Promise<Pictures> {
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const read: Uint8ClampedArray[] = [];
  for (const file of files) {
    const bitmap = await createImageBitmap(file).catch(() => undefined);
    if (bitmap === undefined) continue;
    const { width, height } = bitmap;
    const edge = Math.min(width, height);
    context.drawImage(bitmap, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, SIZE, SIZE);
    bitmap.close();
    read.push(context.getImageData(0, 0, SIZE, SIZE).data);
  }
  const images = new Uint8Array(read.length * SIZE * SIZE * 3);
  read.forEach((pixels, n) => {
    for (let i = 0; i < SIZE * SIZE; i++) images.set(pixels.subarray(4 * i, 4 * i + 3), 3 * (n * SIZE * SIZE + i)); // no opacity
  });
  return { images, shape: [read.length, SIZE, SIZE, 3] };
}

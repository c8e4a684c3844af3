import { shapes } from '@selfsup/data';
import type { Pictures } from './learn.ts';

/** Pictures for those who have none yet: ten kinds of shapes in all colors. */
export async function madeUpPictures(count: number, size = 24): Promise<Pictures> {
  const dataset = shapes({ count, seed: 0, size });
  const { pixels, shape } = await dataset.read(Array.from({ length: count }, (_, i) => i));
  return { images: pixels, shape, labels: [...dataset.labels!] };
}

import { imageColumnOf } from './parquet-images.ts';
import { openParquet } from './open-parquet.ts';

/**
 * Says what a Parquet file holds, by its columns.
 *
 * @param path the file; only its footer is read
 * @returns `image` where a column has pictures as bytes, `text` where one has text; undefined for other columns
 * @throws SelfsupError `SELFSUP_DATA` when it is not a Parquet file, is cut short or damaged
 * @example
 * ```ts
 * import { kindOfParquet } from '@selfsup/data/node';
 * console.log(await kindOfParquet('train-00000-of-00001.parquet')); // image
 * ```
 */
export async function kindOfParquet(path: string): Promise<'image' | 'text' | undefined> {
  const file = await openParquet(path, 'kindOfParquet');
  if (imageColumnOf(file)) return 'image';
  return file.columns.some(({ kind }) => kind === 'text') ? 'text' : undefined;
}

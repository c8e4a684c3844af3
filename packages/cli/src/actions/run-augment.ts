import { printable, SelfsupError } from '@selfsup/core';
import { drawGrid, openImages } from '@selfsup/data/node';
import { drawViews, imageSizeOfOptions, type GivenImageSize } from '@selfsup/pretrain';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackendFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { chooseBackend } from './choose-backend.ts';

/** The flags of `selfsup augment`. */
export interface AugmentFlags extends BackendFlags {
  readonly recipe?: string;
  readonly operations?: readonly string[];
  readonly data: string;
  readonly out: string;
  readonly variant?: string;
  readonly images?: number;
  readonly imageSize?: GivenImageSize;
  readonly seed?: number;
}

/** Sides of a picture in the grid, in pixels. */
const [SMALLEST, LARGEST] = [64, 224];

/**
 * `selfsup augment`: draws images and the views that a recipe or single operations make of them side by side.
 *
 * @param flags see {@link AugmentFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runAugment(flags: AugmentFlags, output: Output): Promise<number> {
  const { recipe, operations, data, out, seed = 0, images = 8, imageSize, variant: wanted } = flags;
  if ((recipe === undefined) === (operations === undefined))
    throw new SelfsupError('SELFSUP_OPTION', 'give one of --recipe and --operations');
  if (!out.endsWith('.png')) throw new SelfsupError('SELFSUP_OPTION', `--out must be a .png file, got ${printable(out)}`);
  const backend = await chooseBackend(flags);
  const { train } = await openImages(data, {
    seed,
    ...(images > 0 && { limit: images }),
    ...(imageSize !== undefined && { imageSize: imageSizeOfOptions(imageSize) }),
  });
  const { rows, variant, size } = await drawViews(train, { recipe, operations, variant: wanted, images, seed });
  const tile = Math.min(LARGEST, Math.max(SMALLEST, size));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, await drawGrid(rows, { tile, scale: tile / size }));
  const columns = rows[0]!.length;
  const made = operations
    ? `what ${operations.join(', ')} ${operations.length === 1 ? 'makes' : 'make'} of it`
    : `its views by ${recipe} (${variant})`;
  output.line(`${printable(out)}: in each row an image and ${made}, ${rows.length} × ${columns} pictures`);
  output.event('result', {
    ...{
      command: 'augment',
      recipe,
      operations,
      variant,
      dataset: train.name,
      backend: backend.name,
      backendDescription: backend.description,
      seed,
    },
    ...{ images: rows.length, views: columns - 1, size, out },
  });
  return 0;
}

import { tiles } from '@selfsup/augment';
import { projectionHead } from '@selfsup/encoders';
import { jigsaw, jigsawPermutations } from '@selfsup/pretext-tasks/jigsaw';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { checkWholePatches, patchSizeOf } from '../patch-size.ts';
import { oneView } from '../views-input.ts';
import { checkTiles, gridOption, tileOf, tilesAlong } from './tile-size.ts';

/** Orders by number of tiles and of orders: the same for all runs, and a second's work. */
const ordersBySize = new Map<string, ReturnType<typeof jigsawPermutations>>();

function ordersOf(numTiles: number, count: number): ReturnType<typeof jigsawPermutations> {
  const key = `${numTiles} ${count}`;
  const orders = ordersBySize.get(key) ?? jigsawPermutations({ count, numTiles });
  ordersBySize.set(key, orders);
  return orders;
}

/** Jigsaw puzzles: the paper's nine tiles, four of small images, and enough orders for small data. */
export const jigsawTask = defineImageTask({
  name: 'jigsaw',
  title: 'Jigsaw puzzles',
  paper: 'https://arxiv.org/abs/1603.09246',
  summary: 'The encoder sees the tiles of a shuffled image one by one, and a head says in which order they are.',
  advice: {
    take: 'You want a cheap task without strong augmentation, and objects have parts in fixed places.',
    leave: 'Images are smaller than about 32 pixels: tiles become too small.',
  },
  options: z.strictObject({
    grid: gridOption,
    numOrders: z.int().min(2).optional().describe('orders in which tiles are shuffled, at most 24 of four tiles; default 64, or all 24'),
    tileSize: z
      .int()
      .min(1)
      .optional()
      .describe('side of a tile in pixels; default 64/75 of its cell, rounded to whole patches of the encoder'),
    jitter: z.boolean().default(true).describe('whether a tile lies anywhere in its cell, or in its middle'),
    standardize: z.boolean().default(true).describe('whether each tile is standardized on its own'),
    headHidden: z.int().min(1).optional().describe('columns of the hidden layer of the head; default those of the encoder'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create(parts, options) {
    const { backbone, imageSize } = parts;
    const { outputDim } = backbone;
    const { grid, numOrders } = tilesAlong(options, imageSize);
    const { jitter, standardize, headHidden: hiddenDim = outputDim } = options;
    const { tileSize: size = tileOf(imageSize, grid, patchSizeOf(backbone)) } = options;
    checkTiles(parts, grid, size);
    checkWholePatches('tileSize', size, backbone);
    const permutations = ordersOf(grid * grid, numOrders);
    const head = projectionHead({ inputDim: grid * grid * outputDim, hiddenDim, outputDim: numOrders });
    return jigsaw({ backbone, head, tiling: tiles({ grid, size, jitter, standardize }), permutations });
  },
});

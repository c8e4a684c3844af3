import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { fitLinearClassifier, linearLogits } from './linear-classifier.ts';
import { meanIou, type MeanIou } from './mean-iou.ts';

/** Images as a grid of features, with the class of each pixel. */
export interface SegmentedImages {
  /** Float32 `[images, rows · columns · dim]`: the features of the places of each image, row by row, such as a map or the patches of an encoder. */
  readonly maps: FeatureMatrix;
  /** `[images · height · width]`: the class of each pixel, integers ≥ 0. */
  readonly masks: ArrayLike<number>;
}

/** Options of {@link linearSegmentation}. */
export interface LinearSegmentationOptions {
  /** What the classifier learns from. */
  train: SegmentedImages;
  /** What it is judged by. */
  test: SegmentedImages;
  /** Rows and columns of the maps, integers ≥ 1. */
  grid: readonly [rows: number, columns: number];
  /** Height and width of the masks, multiples of the grid's. */
  size: readonly [height: number, width: number];
  /** How many classes of pixels there are, an integer ≥ 1. */
  numClasses: number;
  /** The penalty on the weights as of `fitLinearClassifier`, ≥ 0; default 1e-3. */
  l2?: number;
  /** At most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number;
}

/** What {@link linearSegmentation} gives. */
export interface LinearSegmentationResult extends MeanIou {
  /** `[test images · height · width]`: the predicted classes of the pixels. */
  readonly predictions: Int32Array;
}

const BLOCK_VALUES = 2 ** 22;

/** The class that most pixels under each place of a grid have; of equals the lowest. */
function majorities(
  masks: ArrayLike<number>,
  images: number,
  { grid, size, numClasses }: Pick<LinearSegmentationOptions, 'grid' | 'size' | 'numClasses'>,
): Int32Array {
  const [rows, columns] = grid;
  const [height, width] = size;
  const [tall, wide] = [height / rows, width / columns];
  const labels = new Int32Array(images * rows * columns);
  const counts = new Int32Array(numClasses);
  for (let place = 0; place < labels.length; place++) {
    const [image, row, column] = [Math.floor(place / (rows * columns)), Math.floor(place / columns) % rows, place % columns];
    counts.fill(0);
    for (let y = row * tall; y < (row + 1) * tall; y++)
      for (let x = column * wide; x < (column + 1) * wide; x++) counts[masks[(image * height + y) * width + x]!]!++;
    labels[place] = counts.indexOf(Math.max(...counts));
  }
  return labels;
}

/** The classes of the pixels: the logits of the places, enlarged bilinearly. */
async function classesOf(
  logits: FeatureMatrix,
  images: number,
  { grid, size }: Pick<LinearSegmentationOptions, 'grid' | 'size'>,
): Promise<Int32Array> {
  const numClasses = logits.shape[1];
  const perMap = grid[0] * grid[1] * numClasses;
  const [height, width] = size;
  const predictions = new Int32Array(images * height * width);
  const block = Math.max(1, Math.floor(BLOCK_VALUES / (height * width * numClasses)));
  for (let start = 0; start < images; start += block) {
    const count = Math.min(block, images - start);
    const classes = tf.tidy(() => {
      const map = tf.tensor4d(logits.data.subarray(start * perMap, (start + count) * perMap), [count, ...grid, numClasses]);
      return tf.argMax(tf.image.resizeBilinear(map, [height, width], false, true), 3); // at half-pixel centers
    });
    const values = await classes.data().finally(() => {
      classes.dispose();
    });
    predictions.set(values, start * height * width);
  }
  return predictions;
}

/**
 * Judges frozen maps of features by a linear classifier of places, whose logits are enlarged to the pixels of the masks.
 *
 * @param options see {@link LinearSegmentationOptions}; `shapesWithMasks` of `@selfsup/data` has images with masks
 * @returns see {@link LinearSegmentationResult}
 * @throws SelfsupError `SELFSUP_SHAPE` when maps, masks, grid and size do not fit, `SELFSUP_OPTION` on an option or a class out of its range,
 * `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", https://arxiv.org/abs/2104.14294; Oquab et al.: "DINOv2", section 7.4,
 * https://arxiv.org/abs/2304.07193
 * @remarks Each place learns the class that most of its pixels have, by logistic regression, where published probes train a convolution of 1 × 1 on enlarged maps: the same
 * model, without a learning rate, and deterministic. What a grid cannot show, such as borders within a place, no classifier can win.
 */
export async function linearSegmentation(options: LinearSegmentationOptions): Promise<LinearSegmentationResult> {
  const { train, test, grid, size, numClasses, l2 = 1e-3, maxIterations = 300 } = options;
  const places = grid[0] * grid[1];
  const sides = [...grid, ...size];
  if (!sides.every((side) => Number.isSafeInteger(side) && side >= 1) || size[0] % grid[0] !== 0 || size[1] % grid[1] !== 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `linearSegmentation: \`size\` must be a multiple of \`grid\` along both sides, got ${size.join(' x ')} and ${grid.join(' x ')}`,
    );
  for (const [name, { maps, masks }] of Object.entries({ train, test })) {
    checkFeatures(`linearSegmentation: \`${name}.maps\``, maps);
    if (maps.shape[1] % places !== 0 || maps.shape[1] !== train.maps.shape[1])
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `linearSegmentation: \`${name}.maps\` must have ${places} · dim columns${name === 'test' ? ' like `train.maps`' : ''}, got shape [${maps.shape.join(', ')}]`,
      );
    checkLabels(`linearSegmentation: \`${name}.masks\``, masks, { rows: maps.shape[0] * size[0] * size[1], numClasses });
  }
  const dim = train.maps.shape[1] / places;
  const rowsOf = ({ maps }: SegmentedImages): FeatureMatrix => ({ data: maps.data, shape: [maps.shape[0] * places, dim] });
  const labels = majorities(train.masks, train.maps.shape[0], options);
  const { classifier } = await fitLinearClassifier({ features: rowsOf(train), labels, numClasses, l2, maxIterations });
  const logits = await linearLogits(classifier, rowsOf(test));
  const predictions = await classesOf(logits, test.maps.shape[0], options);
  return { ...meanIou(predictions, test.masks, { numClasses }), predictions };
}

import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { maskShape } from './render-shape.ts';
import { renderImages, type ShapesOptions } from './rendered-images.ts';
import { SHAPES } from './shapes.ts';

/** Images of which the class of each pixel is known. */
export interface MaskedImages {
  /** The images. */
  readonly images: ImageDataset;
  /** The names of the classes of pixels, `background` first. */
  readonly pixelClasses: readonly string[];
  /**
   * Reads masks.
   *
   * @param indices which images, each in 0 … length − 1
   * @returns `[n · height · width]`: the class of each pixel, 0 the background
   */
  readonly readMasks: (indices: ArrayLike<number>) => Uint8Array;
}

/**
 * The images of `shapes` with what each pixel belongs to: the background, or one of the ten shapes.
 *
 * @param options see {@link ShapesOptions}
 * @returns see {@link MaskedImages}; the images are those of `shapes`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @remarks A pixel is of the shape when it covers at least half of it; rings and crescents have holes. Clutter is background.
 * @example
 * ```ts
 * import { shapesWithMasks } from '@selfsup/data';
 * const { readMasks, pixelClasses } = shapesWithMasks({ count: 100, seed: 0 });
 * console.log(readMasks([3]).length, pixelClasses.length); // 1024 pixels, 11 classes
 * ```
 */
export function shapesWithMasks(options: ShapesOptions): MaskedImages {
  const { images, streamOf } = renderImages(options, SHAPES);
  const { height: size, length, labels, classNames = [] } = images;
  return {
    images,
    pixelClasses: ['background', ...classNames],
    readMasks(indices) {
      checkIndices('shapesWithMasks.readMasks', indices, length);
      const masks = new Uint8Array(indices.length * size * size);
      for (let i = 0; i < indices.length; i++)
        maskShape(streamOf(indices[i]!), labels![indices[i]!]!, { size, out: masks.subarray(i * size * size, (i + 1) * size * size) });
      return masks;
    },
  };
}

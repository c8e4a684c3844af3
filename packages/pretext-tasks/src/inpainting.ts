import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Module, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkWeights, optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { hasMaps, lastMap, type Mapped } from './last-map.ts';
import { checkImages } from './patch-masking.ts';

/** What {@link inpainting} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type InpaintingBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link inpainting} makes of a batch: what the backbone sees, `masked` `[n, height, width, channels]`, and the `region` that is painted `[n, rows, columns, channels]`. */
export type InpaintingTargets = Readonly<Record<'masked' | 'region', tf.Tensor4D>>;

/** What is painted from: features `[n, dim]`, or the backbone's last map `[n, rows, columns, dim]`, which knows what lies where. */
export type InpaintingDecoder =
  | {
      /** `'features'` (default): the decoder gets what the backbone gives. */
      decodes?: 'features';
      /** Makes the painter, to pixels `[n, rows, columns, channels]`, thrown away afterwards; `inpaintingDecoder` of @selfsup/encoders. */
      decoder: ModuleFactory<tf.Tensor2D, tf.Tensor4D>;
    }
  | {
      /** `'map'`: the decoder gets the last map of a backbone that has maps, as in the paper. */
      decodes: 'map';
      /** Makes the painter, to pixels `[n, rows, columns, channels]`, thrown away afterwards; `inpaintingDecoder` of @selfsup/encoders with `mapSize`. */
      decoder: ModuleFactory<tf.Tensor4D, tf.Tensor4D>;
    };

/** Options of {@link inpainting}. */
export type InpaintingOptions = InpaintingDecoder & InpaintingCommonOptions;

/** Options of {@link inpainting} beside {@link InpaintingDecoder}. */
export interface InpaintingCommonOptions {
  /** Makes the backbone, which is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Height and width in pixels of the region in the middle that is painted; in the paper half of those of the image. */
  regionSize: readonly [rows: number, columns: number];
  /** So many pixels at each border of the region are painted though the backbone sees them, ≥ 0; default 0. The paper has 7 of 64. */
  overlap?: number;
  /** How much such a pixel counts beside one that is hidden, ≥ 0; default 10, as in the paper. */
  overlapWeight?: number;
}

/** `[rows, columns]`: `inside` in the middle, `border` at each of the four borders, so many pixels wide. */
function framed([rows, columns]: readonly [number, number], { overlap, inside, border }: Record<'overlap' | 'inside' | 'border', number>) {
  const isInside = (place: number, size: number) => place >= overlap && place < size - overlap;
  const at = (i: number) => isInside(Math.floor(i / columns), rows) && isInside(i % columns, columns);
  return Float32Array.from({ length: rows * columns }, (_, i) => (at(i) ? inside : border));
}

/** The backbone, with maps. */
function checkMaps(backbone: Module<tf.Tensor4D, tf.Tensor2D>): Mapped {
  if (hasMaps(backbone)) return backbone;
  backbone.dispose();
  throw optionError('inpainting', { name: 'decodes', expected: "'features' for a backbone without maps", got: 'map' });
}

/**
 * Context encoders: the middle of an image is hidden, and a decoder paints it from what the backbone says of the rest.
 *
 * @param options see {@link InpaintingOptions}
 * @returns the task; its variables lie under `backbone/` and `decoder/`. The loss is the squared difference of the pixels of the region, averaged with their
 * weights: `maskedPixelLoss`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or an overlap that hides nothing, and from `create` on a map of a backbone without maps; from `targets` `SELFSUP_BATCH` without `images`,
 * `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit; from `loss` `SELFSUP_SHAPE` when the decoder paints another size
 * @see Pathak et al.: "Context Encoders: Feature Learning by Inpainting", https://arxiv.org/abs/1604.07379
 * @remarks The paper's reconstruction loss with its central region, which is what its features are learned by; its adversarial loss, which sharpens the pictures
 * (weight 0.001 beside 0.999), and its random regions are not here. What is hidden is 0, the mean color of normalized images. The weighted mean is over all
 * pixels of the region: with the paper's overlap and weight nine tenths of it come from pixels that the backbone sees.
 * @example
 * ```ts
 * import { convNet, inpaintingDecoder } from '@selfsup/encoders';
 * import { inpainting } from '@selfsup/pretext-tasks/inpainting';
 * const backbone = convNet({ channels: 3 });
 * const decoder = inpaintingDecoder({ inputDim: backbone.outputDim, mapSize: 4, outputSize: 16 }); // of images of 32 pixels
 * const task = inpainting({ backbone, decodes: 'map', decoder, regionSize: [16, 16] });
 * console.log(task.name);
 * ```
 */
export function inpainting(options: InpaintingOptions): PretextTask<InpaintingBatch, InpaintingTargets> {
  const { regionSize, overlap = 0, overlapWeight = 10 } = options;
  const [rows, columns] = regionSize;
  checkCounts('inpainting', { 'regionSize[0]': rows, 'regionSize[1]': columns });
  checkCounts('inpainting', { overlap }, 0);
  checkWeights('inpainting', { overlapWeight });
  if (2 * overlap >= Math.min(rows, columns))
    throw optionError('inpainting', {
      name: 'overlap',
      expected: `less than half of the region of ${rows} x ${columns} pixels`,
      got: overlap,
    });
  const weights = framed(regionSize, { overlap, inside: 1, border: overlapWeight });
  const visible = framed(regionSize, { overlap, inside: 0, border: 1 });
  return {
    api: 1,
    name: 'inpainting',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const mapped = options.decodes === 'map' ? checkMaps(backbone) : undefined;
      const decoder = options.decoder(rng.fold('decoder')) as Module<tf.Tensor, tf.Tensor4D>;
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder }),
        targets(batch) {
          const images = checkImages('inpainting', batch.images);
          const [n, height, width, channels] = images.shape;
          if (height <= rows || width <= columns)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `inpainting: \`images\` must be larger than the region of ${rows} x ${columns} pixels, got [${images.shape.join(', ')}]`,
            );
          const [top, left] = [Math.floor((height - rows) / 2), Math.floor((width - columns) / 2)];
          const region = tf.slice(images, [0, top, left, 0], [n, rows, columns, channels]);
          const pads: [number, number][] = [[0, 0], [top, height - rows - top], [left, width - columns - left], [0, 0]]; // prettier-ignore
          const mask = tf.pad(tf.tensor4d(visible, [1, rows, columns, 1]), pads, 1); // [1, height, width, 1]
          return { masked: tf.mul<tf.Tensor4D>(images, mask), region };
        },
        loss(_, { masked, region }, context) {
          const apply = applyOptions(context, 'networks');
          const painted = decoder.apply(mapped ? lastMap(mapped, masked, apply) : backbone.apply(masked, apply), apply);
          if (painted.shape.join() !== region.shape.join())
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `inpainting: \`decoder\` must paint the region [${region.shape.join(', ')}], got [${painted.shape.join(', ')}]`,
            );
          const [n, , , channels] = region.shape;
          const pixels = (x: tf.Tensor4D) => tf.reshape<tf.Rank.R3>(x, [n, rows * columns, channels]);
          const mask = tf.tile<tf.Tensor2D>(tf.tensor2d(weights, [1, rows * columns]), [n, 1]);
          return { loss: maskedPixelLoss(pixels(painted), pixels(region), { mask }) };
        },
      };
    },
  };
}

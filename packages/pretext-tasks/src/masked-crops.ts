import type { Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { optionError } from './check-options.ts';

/**
 * Draws the masked patches of two crops of each of `count` images: `masked` `[count, slots]`, patch p of the first crop as p and of the second as length + p; −1
 * fills up. `maskCrops` of @selfsup/augment makes one.
 */
export type CropMasking = (images: { readonly count: number }, rng: Rng) => { readonly masked: Int32Array };

/**
 * What is masked in two crops of `n` images: `masks` float32 `[n, length]`, one for each crop, with 1 for a masked patch; `slots` int32 `[n, slots]`, their masked
 * patches among the 2 · length of both; and `slotWeights` float32 `[n, slots]`, 1/(masked patches of the same crop), 0 for a slot that only fills up.
 */
export type MaskedCrops = Readonly<Record<'masks', readonly tf.Tensor2D[]> & Record<'slots' | 'slotWeights', tf.Tensor2D>>;

/** Draws what is masked in two crops of `n` images of `length` patches. Internal. */
export function drawMaskedCrops(who: string, masking: CropMasking, options: { n: number; length: number; rng: Rng }): MaskedCrops {
  const { n, length, rng } = options;
  const { masked } = masking({ count: n }, rng);
  const numSlots = masked.length / n;
  if (!Number.isInteger(numSlots) || numSlots < 1 || masked.some((patch) => patch < -1 || patch >= 2 * length))
    throw optionError(who, {
      name: 'masking',
      expected: `one that draws patches of the ${length} that the backbone sees in each of two crops of ${n} images`,
      got: `${masked.length} patches, up to number ${Math.max(...masked)}`,
    });
  const masks = [new Float32Array(n * length), new Float32Array(n * length)] as const;
  const crop = (patch: number): 0 | 1 => (patch < length ? 0 : 1);
  const weights = new Float32Array(n * numSlots);
  for (let image = 0; image < n; image++) {
    const own = masked.subarray(image * numSlots, (image + 1) * numSlots);
    const counts: [number, number] = [0, 0];
    for (const patch of own) {
      if (patch < 0) continue;
      masks[crop(patch)][image * length + (patch % length)] = 1;
      counts[crop(patch)]++;
    }
    own.forEach((patch, slot) => {
      if (patch >= 0) weights[image * numSlots + slot] = 1 / counts[crop(patch)];
    });
  }
  return {
    masks: masks.map((mask) => tf.tensor2d(mask, [n, length])),
    slots: tf.tensor2d(
      masked.map((patch) => Math.max(0, patch)),
      [n, numSlots],
      'int32',
    ),
    slotWeights: tf.tensor2d(weights, [n, numSlots]),
  };
}

import { cutmix, mixup } from '@selfsup/augment';
import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import type { MixedExamples } from '@selfsup/evaluate';
import type * as tf from '@tensorflow/tfjs-core';
import type { MixingOptions } from '../modality.ts';

/**
 * Mixes the images of each update while an encoder is fine-tuned: all by mixup, or all by cutmix; where both are asked for, one of them by chance, half of the time
 * each.
 *
 * @param options see {@link MixingOptions}
 * @returns what `fineTune` takes as `mix`
 * @throws SelfsupError `SELFSUP_OPTION` on an alpha that is not > 0
 */
export function mixImages({
  mixup: mixupAlpha,
  cutmix: cutmixAlpha,
}: MixingOptions): (input: tf.TensorContainer, rng: Rng) => MixedExamples<tf.TensorContainer> {
  for (const [name, alpha] of Object.entries({ mixup: mixupAlpha, cutmix: cutmixAlpha }))
    if (alpha !== undefined && !(alpha > 0 && Number.isFinite(alpha)))
      throw new SelfsupError('SELFSUP_OPTION', `\`${name}\` must be a number > 0, got ${alpha}`);
  const ways = [
    ...(mixupAlpha === undefined ? [] : [mixup({ alpha: mixupAlpha })]),
    ...(cutmixAlpha === undefined ? [] : [cutmix({ alpha: cutmixAlpha })]),
  ];
  return (input, rng) => {
    const way = ways[Math.floor(drawUniform(rng.fold('way'), 1)[0]! * ways.length)]!;
    const { images, partners, weights } = way(input as tf.Tensor4D, rng.fold('images'));
    return { input: images, partners, weights };
  };
}

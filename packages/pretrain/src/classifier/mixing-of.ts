import { SelfsupError } from '@selfsup/core';
import type { FineTuneOptions } from '@selfsup/evaluate';
import type * as tf from '@tensorflow/tfjs-core';
import type { AnyModality, MixingOptions } from '../modality.ts';

/**
 * What mixes the examples of a fine-tuning. Internal.
 *
 * @throws SelfsupError `SELFSUP_OPTION` where the modality has nothing that mixes, or on an alpha that is not > 0
 */
export function mixingOf(modality: AnyModality, { mixup, cutmix }: MixingOptions): Pick<FineTuneOptions<tf.TensorContainer>, 'mix'> {
  const asked = { ...(mixup !== undefined && { mixup }), ...(cutmix !== undefined && { cutmix }) };
  const [first] = Object.keys(asked);
  if (first === undefined) return {};
  const { fineTuning } = modality;
  if (!fineTuning?.mix)
    throw new SelfsupError('SELFSUP_OPTION', `\`${first}\` mixes images, and the encoder takes ${modality.title}; leave it out`);
  return { mix: fineTuning.mix(asked) };
}

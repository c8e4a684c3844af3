import type { SizedImageInput } from './image-input.ts';

/** Pillow's number of the filter by which photos are resized. */
const LANCZOS = 1;

/**
 * What `preprocessor_config.json` says, so that transformers and transformers.js make an input as training did: resized to cover, the middle cropped. For sides that differ
 * they have no such thing; pictures are stretched then. Internal.
 *
 * @param input of the encoder
 * @param options `normalize`: whether it subtracts the mean and divides by the deviation
 */
export function imageProcessor(
  { height, width, channels, mean, std }: SizedImageInput,
  { normalize }: { normalize: boolean },
): Readonly<Record<string, unknown>> {
  const isSquare = height === width;
  return {
    image_processor_type: isSquare ? 'CLIPImageProcessor' : 'ViTImageProcessor',
    do_convert_rgb: channels === 3,
    do_resize: true,
    size: isSquare ? { shortest_edge: height } : { height, width },
    resample: LANCZOS,
    ...(isSquare && { do_center_crop: true, crop_size: { height, width } }),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: normalize,
    ...(normalize && { image_mean: mean, image_std: std }),
  };
}

/** The same for people, without the normalization. Internal. */
export function describeResizing({ height, width, channels }: Pick<SizedImageInput, 'height' | 'width' | 'channels'>): string {
  const kind = channels === 1 ? 'gray' : channels === 3 ? 'RGB' : `${channels} channels`;
  const config = height === width ? '' : ' (the processor of `preprocessor_config.json` stretches it instead)';
  return `Decode the image as ${kind}, resize it until it just covers ${height}x${width} pixels (height by width; Lanczos with antialiasing), crop the middle${config}, divide its values by 255`;
}

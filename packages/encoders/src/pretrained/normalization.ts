import { SelfsupError } from '@selfsup/core';
import type { ConfigFields } from './config-fields.ts';

/** What is subtracted from pixels in [0, 1] and what divides them, per channel. */
export interface Normalization {
  /** Per channel, subtracted. */
  readonly mean: readonly number[];
  /** Per channel, > 0: divides. */
  readonly std: readonly number[];
}

const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The statistics for another number of channels: their mean for one, repeated for more, as the kernel's. */
export function adaptNormalization({ mean: means, std }: Normalization, channels: number): Normalization {
  if (means.length === channels) return { mean: means, std };
  if (channels === 1) return { mean: [mean(means)], std: [mean(std)] };
  const repeat = (values: readonly number[]) => Array.from({ length: channels }, (_, i) => values[i % values.length]!);
  return { mean: repeat(means), std: repeat(std) };
}

/** The normalization that a file was trained with, and the note where it is a guess. */
export function readNormalization(
  who: string,
  { config, preprocessor, channels }: { config: ConfigFields; preprocessor: ConfigFields; channels: number },
): { normalization: Normalization; note?: string } {
  const timm = config.value('pretrained_cfg') === undefined ? config : config.fields('pretrained_cfg');
  const finite = (value: number) => Number.isFinite(value);
  const positive = (value: number) => Number.isFinite(value) && value > 0;
  const read = (fields: ConfigFields, names: readonly [string, string]): Normalization | undefined => {
    const [means, std] = [fields.numbers(names[0], 'numbers', finite), fields.numbers(names[1], 'numbers > 0', positive)];
    if (!means || !std) return undefined;
    const lengths = [means.length, std.length];
    if (lengths.some((length) => length !== 1 && length !== channels))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${who}: \`${names.join('` and `')}\` must have ${channels} values each, one per channel, got ${lengths.join(' and ')}`,
      );
    return adaptNormalization({ mean: means, std }, channels);
  };
  preprocessor.only({ do_rescale: true });
  preprocessor.number('rescale_factor', '1/255: our pixels are in [0, 1]', (value) => Math.abs(value * 255 - 1) < 1e-3);
  if (preprocessor.value('do_normalize') === false)
    return { normalization: { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1) } };
  const found = read(preprocessor, ['image_mean', 'image_std']) ?? read(timm, ['mean', 'std']);
  if (found) return { normalization: found };
  return {
    normalization: adaptNormalization(IMAGENET, channels),
    note: "nothing says how the images were normalized: ImageNet's mean and deviation are assumed, as ResNets, DINO, DINOv2, DeiT and MAE have them (ViTs of Google and timm's augreg have 0.5 and 0.5)",
  };
}

/** Height and width in pixels of the images that the weights were trained for, where something says so. */
export function readImageSize({ config, preprocessor }: { config: ConfigFields; preprocessor: ConfigFields }): number | undefined {
  const side = (value: unknown): number | undefined => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
    if (Array.isArray(value) && value.length > 0 && value.every((item) => item === value[0])) return side(value[0]);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { height, width, shortest_edge: shortest } = value as Readonly<Record<string, unknown>>;
    return height === undefined ? side(shortest) : height === width ? side(height) : undefined;
  };
  const timm = config.value('pretrained_cfg') === undefined ? config : config.fields('pretrained_cfg');
  const input = timm.value('input_size');
  return (
    side(preprocessor.value('crop_size')) ??
    side(preprocessor.value('size')) ??
    (Array.isArray(input) ? side(input.slice(1)) : undefined) ??
    side(config.value('image_size'))
  );
}

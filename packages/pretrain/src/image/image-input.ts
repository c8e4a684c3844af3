import { SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import type { InputDescription } from '../encoder-recipe.ts';

const imageInputSchema = z.strictObject({
  size: z.int().min(1),
  height: z.int().min(1).optional(),
  width: z.int().min(1).optional(),
  channels: z.int().min(1),
  mean: z.array(z.number()),
  std: z.array(z.number().gt(0)),
});

/** What encoders of images take; `input` of run.json. */
export interface ImageInput extends InputDescription {
  /** The side of square images in pixels; the shorter one of others. */
  readonly size: number;
  /** In pixels; default `size`. */
  readonly height?: number | undefined;
  /** In pixels; default `size`. */
  readonly width?: number | undefined;
  /** 1 gray, 3 RGB, 4 RGB with alpha, or those of a camera. */
  readonly channels: number;
  /** Per channel, of pixels in [0, 1]: subtracted. */
  readonly mean: readonly number[];
  /** Per channel, > 0: divides. */
  readonly std: readonly number[];
}

/** An {@link ImageInput} with its height and width. */
export interface SizedImageInput extends ImageInput {
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
}

/** The size of images as options have it: the side of a square, or height and width. */
export const imageSizeOf = ({ height, width }: Pick<SizedImageInput, 'height' | 'width'>): number | readonly [number, number] =>
  height === width ? height : [height, width];

/** Whether images are those that an encoder takes. */
export const takesImages = (
  input: InputDescription,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
): boolean => {
  const expected = imageInputOf(input);
  return height === expected.height && width === expected.width && channels === expected.channels;
};

/** Height, width and channels in words. */
export const shapeInWords = ({
  height,
  width,
  channels,
}: {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}): string => `${height}x${width}x${channels}`;

/**
 * Reads the description of a run's input as one of images.
 *
 * @param input `input` of run.json
 * @returns the same, checked, with height and width
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it does not describe images
 */
export function imageInputOf(input: InputDescription): SizedImageInput {
  const result = imageInputSchema.safeParse(input);
  if (result.success) {
    const { size, height = size, width = size } = result.data;
    return { ...result.data, height, width };
  }
  const [issue] = result.error.issues;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the encoder does not take images: \`input.${issue?.path.join('.') ?? ''}\` of run.json: ${issue?.message ?? 'not as expected'}`,
  );
}

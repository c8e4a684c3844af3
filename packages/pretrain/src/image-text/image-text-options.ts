import { z } from 'zod';
import { pictureOptions } from '../image/image-modality.ts';
import { textOptions } from '../text/text-options.ts';

const { imageSize, channels, maxPixels } = pictureOptions;
const { tokenizer, vocabularySize, vocabulary, pooling, header } = textOptions.shape;

/** The options of images with texts. */
export const imageTextOptions = z.strictObject({
  imageSize,
  channels,
  maxPixels,
  /** The part of an image that is seen in training. */
  cropScale: z
    .number()
    .gt(0)
    .max(1)
    .default(0.8)
    .describe('the smallest part of the area of an image that is seen in training; 1: always the whole image'),
  /** The encoder of the texts. */
  textEncoder: z.string().min(1).default('bert-tiny').describe('the encoder of the texts, by name'),
  /** Its options. */
  textEncoderOptions: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('options of the encoder of the texts, over its own defaults without dropout, such as {"numLayers": 4}'),
  tokenizer,
  vocabularySize,
  vocabulary,
  /** Tokens of a text. */
  length: z.int().min(4).default(32).describe('tokens of a text, special ones included; what is longer is cut off'),
  pooling,
  /** The column of the images in a table. */
  imageColumn: z
    .string()
    .min(1)
    .optional()
    .describe('tables: the column of the images, by name or number from 0; paths are relative to the table'),
  /** The column of the texts in a table. */
  textColumn: z.string().min(1).optional().describe('tables: the column of the texts, by name or number from 0'),
  /** The column of the classes in a table. */
  labelColumn: z
    .string()
    .min(1)
    .optional()
    .describe('tables: the column of the classes of the images, by which zero-shot classification is measured, by name or number from 0'),
  header,
  /** What the name of a class is put into. */
  templates: z
    .array(z.string().regex(/\{\}/, 'each must have {} where the name of a class goes'))
    .min(1)
    .default(['{}', 'a {}', 'a photo of a {}', 'a picture of a {}', 'an image of a {}'])
    .describe(
      'texts for zero-shot classification, with {} for the name of a class; their features are averaged, those with words that the vocabulary lacks are left out',
    ),
});

/** Options of the modality `image-text`. */
export type ImageTextOptions = z.output<typeof imageTextOptions>;

import { countOf } from '@selfsup/core';
import { looksLikeImageTexts, openImageTexts, openTokenizer } from '@selfsup/data/node';
import type { OpenedImageData } from '../../image/opened-images.ts';
import type { ImageTextOptions } from '../../image-text/image-text-options.ts';
import { openPairsAs, type OpenedPairs } from '../../image-text/pair-openers.ts';
import type { DatasetOpener } from '../../modality.ts';
import { isPath, openImageFiles, sizesOf, watchDecoding } from '../images/image-files.ts';

/** A column as the data package takes it: a name, or a number from 0. */
const columnOf = (name: string | undefined): string | number | undefined =>
  name !== undefined && /^\d+$/.test(name) ? Number(name) : name;

/**
 * Opens images with texts: a `.csv`, `.tsv` or `.jsonl` with a row for each pair, `.tar` archives as WebDataset writes them, or a folder of such. Where an encoder is
 * to be used on other data, it opens what the modality `image` opens, too.
 */
export const pairFiles: DatasetOpener<OpenedPairs | OpenedImageData> = {
  name: 'tables and archives of images with texts',
  modality: 'image-text',
  accepts: (data) => isPath(data) && data !== 'captioned-shapes', // which is made up
  recognizes: async (data) => isPath(data) && (await looksLikeImageTexts(data)),
  async open(data, settings) {
    const path = data as string;
    const { seed, progress, options } = settings;
    if (openPairsAs(options) === 'either' && !(await looksLikeImageTexts(path))) return openImageFiles(path, settings);
    const { imageColumn, textColumn, labelColumn, header, testFraction, tokenizer } = options as Partial<ImageTextOptions> & {
      testFraction?: number;
    };
    const watch = watchDecoding(progress, 'photos');
    const { onProgress, onSkip } = watch;
    const opened = await openImageTexts(path, {
      ...sizesOf(settings),
      ...{ seed, testFraction, onProgress, onSkip },
      ...{ imageColumn: columnOf(imageColumn), textColumn: columnOf(textColumn), labelColumn: columnOf(labelColumn), header },
    }).finally(watch.end);
    const { train, test, testFrom, empty, unlabeled } = opened;
    if (unlabeled > 0 && !(test ?? train).labels)
      progress?.warn(
        `${countOf(unlabeled, 'pairs')} of ${path} without a class: zero-shot classification is not measured; give each a class, or put those that have one into a table of their own`,
      );
    return {
      train,
      ...(test && { test, testFrom: testFrom ?? 'held out' }),
      ...(typeof tokenizer === 'string' && { tokenizer: await openTokenizer(tokenizer) }),
      skipped: () => [
        ...opened.skipped,
        ...(empty > 0
          ? [{ path: `${countOf(empty, 'images')} of ${path}`, reason: 'there is no text', kind: 'images without a text', count: empty }]
          : []),
      ],
      decoded: watch.decoded,
    };
  },
};

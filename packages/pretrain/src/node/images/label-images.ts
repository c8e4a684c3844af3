import { countOf, SelfsupError } from '@selfsup/core';
import { matchLabels, readLabelTable } from '@selfsup/data/node';
import { imageSamples, joinImages, pickImages, type ImageSamples } from '../../image/image-samples.ts';
import type { OpenedImageData } from '../../image/opened-images.ts';
import type { LabelSource } from '../../modality.ts';
import type { Progress } from '../../progress.ts';

const asDataset = (samples: ImageSamples): OpenedImageData['train'] => ({ ...samples, ...(samples.ids && { paths: samples.ids }) });

function labeled(samples: ImageSamples, { labels, classNames }: { labels: Int32Array; classNames: readonly string[] }): ImageSamples {
  const chosen = Array.from(labels.keys()).filter((i) => labels[i]! >= 0);
  return { ...pickImages(samples, chosen), labels: Int32Array.from(chosen, (i) => labels[i]!), classNames };
}

/**
 * Gives photos the labels of a table, in place of those of their folders; photos that are not in it are left out. Internal.
 *
 * @param opened photos of a folder, with their paths; what was held out of them counts as the rest
 * @param options the folder, the table, and where it is said how many have labels
 * @returns the labeled photos; those of a part to judge by stay there
 * @throws SelfsupError `SELFSUP_DATA` when the table is not understood, or does not fit the photos
 */
export async function labelImages(
  opened: OpenedImageData,
  { folder, source, progress }: { folder: string; source: LabelSource; progress: Progress | undefined },
): Promise<OpenedImageData> {
  const [train, test] = [imageSamples(opened.train), opened.test && imageSamples(opened.test)];
  const parts =
    test && opened.testFrom === 'held out' ? [joinImages(withoutLabels(train), withoutLabels(test))] : test ? [train, test] : [train];
  const { path, ...columns } = source;
  const table = await readLabelTable(path, columns);
  const files = parts.map(({ ids, name }) => {
    if (ids) return ids;
    throw new SelfsupError(
      'SELFSUP_DATA',
      `a table of labels is for files; ${name} holds images without names, so give its labels as an IDX file`,
    );
  });
  const { labels, classNames, labeled: count, unlabeled } = matchLabels(table, files.flat(), { folder });
  progress?.line(`Labels of ${count} of ${countOf(count + unlabeled, 'images')} in ${path}, ${countOf(classNames.length, 'classes')}`);
  let from = 0;
  const found = parts.map((part) => {
    const own = labels.subarray(from, (from += part.length));
    return labeled(part, { labels: own, classNames });
  });
  const [learned, judges] = found as [ImageSamples, ImageSamples | undefined];
  if (learned.length === 0)
    throw new SelfsupError('SELFSUP_DATA', `${path} has labels of images to judge by only, and of none to learn from`);
  const { decoded } = opened;
  return {
    train: asDataset(learned),
    ...(judges && judges.length > 0 && { test: asDataset(judges), testFrom: 'own part' as const }),
    skipped: () => opened.skipped?.() ?? [],
    ...(decoded !== undefined && { decoded }),
  };
}

function withoutLabels(samples: ImageSamples): ImageSamples {
  const { name, length, height, width, channels, ids } = samples;
  return {
    length,
    height,
    width,
    channels,
    ...(ids && { ids }),
    read: (indices) => samples.read(indices),
    name: name.replace(/ \((held out|train)\)$/, ''),
  };
}

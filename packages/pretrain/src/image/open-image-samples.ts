import { SelfsupError } from '@selfsup/core';
import type { LabelSource, OpenContext, OpenedSamples, SamplesRequest } from '../modality.ts';
import { imageInputOf, imageSizeOf, shapeInWords, takesImages, type SizedImageInput } from './image-input.ts';
import { imageSamples, joinImages, pickImages, translateLabels, type ImageSamples } from './image-samples.ts';
import { warnAboutSkipped } from '../skipped.ts';
import { splitImages, type OpenedImageData } from './opened-images.ts';

/** Refuses images that an encoder does not take. */
function assertInput(samples: ImageSamples, input: SizedImageInput): void {
  const { name, length } = samples;
  if (length < 1) throw new SelfsupError('SELFSUP_DATA', `there are no images in ${name}; give at least one`);
  if (takesImages(input, samples)) return;
  throw new SelfsupError(
    'SELFSUP_DATA',
    `the encoder of this run takes images of ${shapeInWords(input)}, ${name} has ${shapeInWords(samples)}`,
  );
}

const firstOf = (samples: ImageSamples, limit: number | undefined): ImageSamples =>
  limit === undefined || limit >= samples.length
    ? samples
    : pickImages(
        samples,
        Array.from({ length: limit }, (_, i) => i),
      );

/** All images of data that an opener split: held out by itself, they come back. */
function wholeOf(opened: OpenedImageData, limit: number | undefined): ImageSamples {
  const train = imageSamples(opened.train);
  const all = opened.test && opened.testFrom === 'held out' ? joinImages(train, imageSamples(opened.test)) : train;
  return firstOf(all, limit);
}

/**
 * Opens images for an encoder that there is, at its size.
 *
 * @param request see {@link SamplesRequest}; with `testData` all of `data` is for training
 * @param context see {@link OpenContext}
 * @returns the images, split as they were found, or some held out where they have labels and no test part
 * @throws SelfsupError `SELFSUP_DATA` when the encoder does not take them, where there are none, or on classes of `testData` that `data` has not
 */
export async function openImageSamples(request: SamplesRequest, context: OpenContext): Promise<OpenedSamples> {
  const { data, testData, labels, seed, testFraction, limit, testLimit } = request;
  const input = imageInputOf(request.input);
  const { progress } = context;
  const open = (
    what: unknown,
    more: { limit: number | undefined; testLimit: number | undefined; labels?: string | LabelSource | undefined },
  ) => {
    const { labels: file, ...limits } = more;
    const options = {
      ...request.options,
      imageSize: imageSizeOf(input),
      ...(input.channels !== 3 && { channels: input.channels }),
      ...(file !== undefined && { labels: file }),
    };
    return context.openDataset<OpenedImageData>(what, { seed, ...limits, options, progress });
  };
  const everything = testFraction === 0 ? Number.MAX_SAFE_INTEGER : undefined; // held out by the opener, they come back
  const opened = await open(data, { limit, testLimit: testData === undefined ? (testLimit ?? everything) : undefined, labels });
  const others = testData === undefined ? [] : [await open(testData, { limit: testLimit, testLimit })];
  const skipped = () => [opened, ...others].flatMap((one) => one.skipped?.() ?? []);
  warnAboutSkipped(skipped(), progress);
  const [judges] = others;
  if (!judges) {
    if (testFraction === 0 && opened.testFrom === 'held out') {
      const all = wholeOf(opened, limit);
      assertInput(all, input);
      return { name: all.name.replace(/ \((held out|train)\)$/, ''), unit: 'images', train: all, skipped };
    }
    const parts = splitImages(opened, { seed, testFraction, testLimit });
    for (const part of [parts.train, parts.test]) if (part) assertInput(part, input);
    return { name: parts.train.name, unit: 'images', train: parts.train, ...(parts.test && { test: parts.test }), skipped };
  }
  const train = wholeOf(opened, limit);
  const ownTest = judges.testFrom === 'held out' ? undefined : judges.test;
  const test = translateLabels(ownTest ? firstOf(imageSamples(ownTest), testLimit) : wholeOf(judges, testLimit), train.classNames);
  for (const part of [train, test]) assertInput(part, input);
  return { name: train.name, unit: 'images', train, test, skipped };
}

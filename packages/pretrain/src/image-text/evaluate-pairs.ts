import { SelfsupError } from '@selfsup/core';
import { zeroShotAccuracy } from '@selfsup/evaluate';
import { encodeImages } from '../image/encode-images.ts';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule, EncodeOptions, OpenedSamples } from '../modality.ts';
import type { Measures } from '../probe.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { readRunTokenizer } from '../text/run-tokenizer.ts';
import { textInputOf } from '../text/text-input.ts';
import { encodeCaptions, encodePairs, type PairEncoders } from './encode-pairs.ts';
import { recallOf, SEARCHED, templatesFor } from './image-text-probes.ts';
import { asPairs, limitPairs } from './pair-samples.ts';

/** The encoders of images and of texts of one run, from `loadEncoder` without and with `encoder: 'text'`. */
export interface LoadedPair {
  /** The encoder of images. */
  readonly image: LoadedEncoder;
  /** The encoder of texts, of the same run. */
  readonly text: LoadedEncoder;
}

/** Options of {@link evaluateZeroShot}. */
export interface EvaluateZeroShotOptions {
  /** Texts with `{}` for the name of a class, whose features are averaged; default those of the run. */
  templates?: readonly string[] | undefined;
  /** Also judge untrained encoders; default false. */
  baselines?: boolean | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** What {@link evaluateZeroShot} finds. */
export interface ZeroShotEvaluation {
  /** In percent, by `trained` and, where asked for, `untrained`. */
  readonly accuracy: Readonly<Record<string, number>>;
  /** The names of the classes. */
  readonly classNames: readonly string[];
  /** The texts that were averaged, with `{}` for the name of a class. */
  readonly templates: readonly string[];
  /** Images that were classified. */
  readonly images: number;
}

async function encodersOf({ text }: Pick<LoadedPair, 'text'>, modules: { image: AnyModule; text: AnyModule }): Promise<PairEncoders> {
  if (text.modality.name !== 'text')
    throw new SelfsupError('SELFSUP_OPTION', `the encoder of texts must take text, got one of the kind ${text.modality.name}; load it by its name, such as \`encoder: 'text'\``); // prettier-ignore
  const textInput = textInputOf(text.input);
  const { pooling = 'mean' } = text.options as { pooling?: 'mean' | 'first' };
  const tokenizer = await readRunTokenizer(text.files, text.input);
  return { ...modules, textInput, facts: { tokenizer, length: textInput.length, pooling } };
}

/** Runs a judgement with the trained encoders and, where asked for, with untrained ones. */
async function judgeEach<T>(
  pair: LoadedPair,
  baselines: boolean,
  judge: (encoders: PairEncoders, who: string) => Promise<T>,
): Promise<Record<string, T>> {
  const { image, text } = pair;
  const found: Record<string, T> = {
    trained: await judge(await encodersOf(pair, { image: image.features, text: text.features }), 'trained'),
  };
  if (!baselines) return found;
  const [one, other] = [image.createUntrained(), text.createUntrained()];
  try {
    found['untrained'] = await judge(await encodersOf(pair, { image: one.features, text: other.features }), 'untrained');
  } finally {
    one.encoder.dispose();
    other.encoder.dispose();
  }
  return found;
}

const encodingOf = ({ image }: LoadedPair, progress: Progress): Omit<EncodeOptions, 'stage'> => ({
  input: image.input,
  files: image.files,
  progress,
});

/**
 * Classifies images by the names of their classes alone: each goes to the class whose texts lie nearest to it.
 *
 * @param pair the encoders of images and of texts of one run
 * @param samples from `openSamplesFor`; the images to judge by, or all where there are none, need labels with names
 * @param options see {@link EvaluateZeroShotOptions}
 * @returns see {@link ZeroShotEvaluation}
 * @throws SelfsupError `SELFSUP_DATA` without labels or names of at least two classes, `SELFSUP_OPTION` on a template without `{}`
 */
export async function evaluateZeroShot(
  pair: LoadedPair,
  samples: OpenedSamples,
  options: EvaluateZeroShotOptions = {},
): Promise<ZeroShotEvaluation> {
  const { baselines = false, progress = silentProgress } = options;
  const { templates: own = ['{}'] } = pair.image.options as { templates?: readonly string[] };
  const asked = options.templates ?? own;
  const bad = asked.find((template) => !template.includes('{}'));
  if (bad !== undefined || asked.length === 0)
    throw new SelfsupError('SELFSUP_OPTION', `evaluateZeroShot: each of \`templates\` must have {} for the name of a class, got ${bad === undefined ? 'none' : `'${bad}'`}`); // prettier-ignore
  const judged = samples.test ?? samples.train;
  const { labels, classNames = [] } = judged;
  if (!labels || classNames.length < 2)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${samples.name} must have images of at least two classes with names; give images in folders by class, or a file of their labels`,
    );
  let used: readonly string[] = asked;
  let images = 0;
  const accuracy = await judgeEach(pair, baselines, async (encoders, who) => {
    used = templatesFor(asked, encoders);
    const encoding = { ...encodingOf(pair, progress), stage: `Encoding ${samples.unit} (${who})` };
    const encoded = await encodeImages(encoders.image, judged, encoding);
    images = encoded.indices.length;
    const texts = classNames.flatMap((name) => used.map((template) => template.replaceAll('{}', name)));
    const features = await encodeCaptions(texts, encoders, encoding);
    const truth = encoded.indices.map((index) => labels[index]!);
    return 100 * (await zeroShotAccuracy(encoded, features, { labels: truth, numTemplates: used.length }));
  });
  return { accuracy, classNames, templates: used, images };
}

/** Options of {@link evaluateCrossRetrieval}. */
export interface EvaluateCrossRetrievalOptions {
  /** At most so many pairs, spread evenly, since recall depends on how many there are; an integer ≥ 2, default 1,000. */
  pairs?: number | undefined;
  /** Also judge untrained encoders; default false. */
  baselines?: boolean | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** What {@link evaluateCrossRetrieval} finds. */
export interface RetrievalEvaluation {
  /** `imageRecall1`, `5`, `10`: of images by their texts, and `textRecall1` … of texts by their images, in percent, by `trained` and, where asked for, `untrained`. */
  readonly recall: Readonly<Record<string, Measures>>;
  /** Images that were searched, each once. */
  readonly images: number;
  /** Texts that were searched, each once. */
  readonly texts: number;
}

/**
 * Searches images by their texts and texts by their images, and says how often something that belongs together is among the nearest 1, 5 and 10.
 *
 * @param pair the encoders of images and of texts of one run
 * @param samples from `openSamplesFor`, images with texts: those to judge by, or all where there are none
 * @param options see {@link EvaluateCrossRetrievalOptions}
 * @returns see {@link RetrievalEvaluation}
 * @throws SelfsupError `SELFSUP_DATA` on images without texts or fewer than two pairs, `SELFSUP_OPTION` on a number of pairs out of range
 */
export async function evaluateCrossRetrieval(
  pair: LoadedPair,
  samples: OpenedSamples,
  options: EvaluateCrossRetrievalOptions = {},
): Promise<RetrievalEvaluation> {
  const { pairs: most = SEARCHED, baselines = false, progress = silentProgress } = options;
  if (!Number.isSafeInteger(most) || most < 2)
    throw new SelfsupError('SELFSUP_OPTION', `evaluateCrossRetrieval: \`pairs\` must be an integer >= 2, got ${most}`);
  const judged = asPairs(samples.test ?? samples.train);
  if (!judged || judged.length < 2)
    throw new SelfsupError('SELFSUP_DATA', `${samples.name} must have at least two images with texts; give a table or archives of pairs`);
  const searched = limitPairs(judged, most);
  let [images, texts] = [0, 0];
  const recall = await judgeEach(pair, baselines, async (encoders, who) => {
    const encoded = await encodePairs(searched, encoders, { ...encodingOf(pair, progress), stage: `Encoding pairs (${who})` });
    [images, texts] = [encoded.images.length, encoded.texts.length];
    return recallOf(encoded);
  });
  return { recall, images, texts };
}

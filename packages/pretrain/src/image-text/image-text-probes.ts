import { retrievalRecall, zeroShotAccuracy } from '@selfsup/evaluate';
import type { ProbeContext } from '../modality.ts';
import type { Measures, Probe } from '../probe.ts';
import { encodeImages } from '../image/encode-images.ts';
import { encodeCaptions, encodePairs, type EncodedPairs, type PairEncoders } from './encode-pairs.ts';
import type { ImageTextOptions } from './image-text-options.ts';
import { TEXT, type ImageTextRunData } from './image-text-run-data.ts';
import { limitPairs, type PairSamples } from './pair-samples.ts';

/** At most so many pairs are searched: recall depends on how many there are, and papers report that of 1,000. Internal. */
export const SEARCHED = 1000;

const RANKS = [1, 5, 10] as const;

type Context = ProbeContext<ImageTextRunData, ImageTextOptions>;

/** Both encoders of a run as they are now. Internal. */
export function encodersOf({ data, task, encoder, options }: Context): PairEncoders {
  const { input } = data.encoders[TEXT];
  return {
    image: encoder,
    text: task.encoders[TEXT]!,
    textInput: input,
    facts: { tokenizer: data.tokenizer, length: input.length, pooling: options.pooling },
  };
}

/** The pairs that the probes search: at most 1,000 of those to judge by. Internal. */
export const searchedPairs = ({ data }: Context): PairSamples | undefined => data.test && limitPairs(data.test, SEARCHED);

/** Recall in percent in both directions, by name. Internal. */
export async function recallOf({ imageFeatures, textFeatures, imagesOf, textsOf }: EncodedPairs): Promise<Measures> {
  const images = await retrievalRecall(textFeatures, imageFeatures, { relevant: imagesOf, ranks: RANKS });
  const texts = await retrievalRecall(imageFeatures, textFeatures, { relevant: textsOf, ranks: RANKS });
  return Object.fromEntries(RANKS.flatMap((rank, i) => [[`imageRecall${rank}`, 100 * images[i]!], [`textRecall${rank}`, 100 * texts[i]!]])); // prettier-ignore
}

const list = (measures: Measures, name: string) => RANKS.map((rank) => (measures[`${name}${rank}`] ?? 0).toFixed(1)).join(' / ');

function retrievalProbe(context: Context, pairs: PairSamples): Probe {
  const measure = async (what: string): Promise<Measures> => {
    const encoded = await encodePairs(pairs, encodersOf(context), { ...context.encoding, stage: `Encoding pairs (${what})` });
    return recallOf(encoded);
  };
  const untrained = context.run.init ? 'the encoders at the start' : 'the untrained encoders';
  return {
    name: 'retrieval',
    baselines: () => measure('untrained'),
    measure: () => measure('training'),
    describe: (measures) =>
      `recall@1/5/10 ${list(measures, 'imageRecall')} % of images by their texts, ${list(measures, 'textRecall')} % of texts by their images`,
    compare: (trained, baselines) =>
      (
        [
          ['imageRecall1', 'recall@1 of images by their texts'],
          ['textRecall1', 'recall@1 of texts by their images'],
        ] as const
      ).map(([name, title]) => ({
        title,
        unit: '%',
        better: 'higher' as const,
        trained: trained[name] ?? 0,
        baselines: { [untrained]: baselines[name] ?? 0 },
      })),
  };
}

/** The texts for the classes that the vocabulary can say: those of the template `{}` where it can say none. Internal. */
export function templatesFor(templates: readonly string[], { facts: { tokenizer } }: Pick<PairEncoders, 'facts'>): readonly string[] {
  const { unknown } = tokenizer.special;
  const known = templates.filter(
    (template) =>
      unknown === undefined || !tokenizer.encode(template.replaceAll('{}', ' '), { addSpecialTokens: false }).ids.includes(unknown),
  );
  return known.length > 0 ? known : ['{}'];
}

function zeroShotProbe(context: Context, test: PairSamples): Probe {
  const { labels, classNames = [] } = test;
  const measure = async (what: string): Promise<number> => {
    const encoders = encodersOf(context);
    const templates = templatesFor(context.options.templates, encoders);
    const encoding = { ...context.encoding, stage: `Encoding test samples (${what})` };
    const images = await encodeImages(encoders.image, test, encoding);
    const texts = classNames.flatMap((name) => templates.map((template) => template.replaceAll('{}', name)));
    const features = await encodeCaptions(texts, encoders, encoding);
    const own = images.indices.map((index) => labels![index]!);
    return 100 * (await zeroShotAccuracy(images, features, { labels: own, numTemplates: templates.length }));
  };
  const guessing = () => {
    const counts = classNames.map((_, label) => labels!.reduce((sum, own) => sum + Number(own === label), 0));
    return (100 * Math.max(...counts)) / test.length;
  };
  return {
    name: 'zero-shot',
    baselines: async () => ({ untrained: await measure('untrained'), guessing: guessing() }),
    measure: async () => ({ zeroShot: await measure('training') }),
    describe: ({ zeroShot, untrained, guessing: guessed }) =>
      zeroShot === undefined
        ? `zero-shot untrained ${(untrained ?? 0).toFixed(2)} %, by guessing ${(guessed ?? 0).toFixed(2)} %`
        : `zero-shot ${zeroShot.toFixed(2)} %`,
    compare: ({ zeroShot }, { untrained, guessing: guessed }) =>
      zeroShot === undefined
        ? []
        : [
            {
              title: 'zero-shot accuracy',
              unit: '%',
              better: 'higher',
              trained: zeroShot,
              baselines: {
                [context.run.init ? 'the encoders at the start' : 'the untrained encoders']: untrained ?? 0,
                'always guessing the most frequent class': guessed ?? 0,
              },
            },
          ],
  };
}

/**
 * The probes of images with texts: recall in both directions among at most 1,000 pairs, and zero-shot classification where images have classes with names.
 *
 * @param context see {@link ProbeContext}
 * @returns `retrieval`: `imageRecall1` … `textRecall10` in percent; and `zero-shot`: `zeroShot` in percent. None without pairs to judge by
 */
export function imageTextProbes(context: Context): readonly Probe[] {
  const { test } = context.data;
  const pairs = searchedPairs(context);
  if (!test || !pairs || pairs.length < 2) return [];
  const zeroShot = test.labels && test.classNames && test.classNames.length >= 2 ? [zeroShotProbe(context, test)] : [];
  return [...zeroShot, retrievalProbe(context, pairs)];
}

import { createLoader } from '@selfsup/data';
import type { TokenRows } from '@selfsup/data/text';
import type { BertFactory } from '@selfsup/encoders';
import { defineModality, type SourceOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import type { GalleryItem } from '../section.ts';
import type { GivenSettings } from '../settings.ts';
import { warnAboutSkipped } from '../skipped.ts';
import { alteredTexts } from './altered-texts.ts';
import { textCollapseCauses } from './collapse-causes.ts';
import { encodeTextBatches, encodeTexts, TEXT_WINDOW } from './encode-texts.ts';
import { heldOutProbes } from './held-out-probe.ts';
import { textEncoders } from './encoders.ts';
import { huggingFaceFiles } from './hugging-face/hugging-face-files.ts';
import { openSequences } from './open-sequences.ts';
import { openTextSamples } from './open-text-samples.ts';
import { hashTokenizer, TOKENIZER_FILE, tokenizerFile } from './run-tokenizer.ts';
import { fineTunedTextReadout, fineTuneTextOptions, textExamples, textFeatureEncoder } from './text-examples.ts';
import { textOptions, type TextOptions } from './text-options.ts';
import type { TextRunData } from './text-run-data.ts';
import { portableText } from './portable-text.ts';
import { asTexts } from './text-samples.ts';
import { suggestTexts } from './suggest-texts.ts';
import { textSections } from './text-sections.ts';
import { textFacts, type TextTaskParts } from './text-task.ts';
import { tokenBatch } from './token-batch.ts';
import { contentOf, COUNTS_FILE, countsFile, readCounts, shortShareOf } from './token-counts.ts';

/** BERT's optimizer, and a tenth of the run to warm up. */
function textDefaults({ epochs = 10 }: GivenSettings): GivenSettings {
  return {
    batchSize: 32,
    optimizer: 'adamw',
    learningRate: 1e-3,
    weightDecay: 0.01,
    schedule: 'linear',
    warmupEpochs: 0.1 * epochs,
    clipNorm: 1,
    epsilon: 1e-6,
    biasCorrection: false,
    testFraction: 0.05,
    testLimit: 1000,
  };
}

async function showTexts(samples: Samples, indices: readonly number[]): Promise<readonly GalleryItem[]> {
  const { dataset, tokenizer, texts } = asTexts(samples);
  if (texts) return indices.map((index) => ({ text: texts[index]! }));
  const { tokenIds, attentionMask, shape } = await dataset.read(indices);
  return indices.map((_, row) => {
    const from = row * shape[1];
    const to = from + attentionMask.subarray(from, from + shape[1]).lastIndexOf(1) + 1;
    return { text: tokenizer.decode(tokenIds.subarray(from, to)) };
  });
}

/** Sentinels of a vocabulary: one for four tokens of a sequence, as many as T5 has at most. */
const sentinelsFor = (length: number): number => Math.min(100, Math.ceil(length / 4));

/** The last part of a path that is not a pattern, without its extension, or the name of the object. */
function nameOfText(data: unknown): string {
  const named = typeof data === 'object' && data !== null ? (data as { name?: unknown }).name : data;
  if (typeof named !== 'string') return 'text';
  const parts = named.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..' && !/[*?[\]{}]/.test(part));
  return parts.at(-1)?.replace(/\..*$/, '') || 'text';
}

/** Text: documents, cut into sequences of tokens to learn from; texts with or without labels to encode. */
export const textModality = defineModality<TextRunData, TextOptions, TokenRows>({
  api: 1,
  name: 'text',
  title: 'text',
  options: textOptions,
  defaults: textDefaults,
  defaultTask: 'masked-language',
  withinOptions: { vocabulary: 'words' },
  suggest: suggestTexts,
  async open({ data, options, settings, recipe }, context) {
    const { hidesTokens = false, needsSentinels = false, sees } = textFacts(recipe);
    const sentinels = needsSentinels ? sentinelsFor(options.length) : 0;
    const { seed, testFraction, limit, testLimit } = settings;
    const parts = await openSequences({ data, options, seed, testFraction, limit, testLimit, hidesTokens, sentinels }, context);
    const { train, test, testFrom, tokenizer, found, fingerprint, facts } = parts;
    const tokenizerHash = await hashTokenizer(tokenizer);
    const skipped = () => parts.skipped?.() ?? [];
    warnAboutSkipped(skipped(), context.progress);
    return {
      name: train.name,
      unit: 'sequences',
      train,
      ...(test && { test }),
      ...(testFrom && { testFrom }),
      tokenizer,
      shortShare: await shortShareOf(train.dataset, tokenizer),
      input: {
        vocabularySize: tokenizer.vocabularySize,
        length: options.length,
        tokenizerHash,
        ...(sees === 'before' && { attention: 'causal' as const }),
      },
      fingerprint: {
        sequences: found.train,
        heldOut: found.test,
        content: await contentOf([train.dataset, test?.dataset]),
        ...fingerprint,
      },
      ...(facts && { facts }),
      files: {
        [TOKENIZER_FILE]: tokenizerFile(tokenizer),
        [COUNTS_FILE]: (!context.start && context.earlier?.files[COUNTS_FILE]) || (await countsFile(train.dataset, tokenizer)),
      },
      skipped,
    };
  },
  openSamples: openTextSamples,
  createSource: ({ train }, options: SourceOptions) => createLoader(train.dataset, options),
  fewSamplesAdvice: 'a shorter `length`',
  taskParts: ({ data, settings, backbone, stepsPerEpoch, totalSteps, options, teacher, learned }): TextTaskParts => ({
    teacher,
    learned,
    backbone: backbone as BertFactory,
    settings,
    stepsPerEpoch,
    totalSteps,
    tokenizer: data.tokenizer,
    length: options.length,
    nextSentence: options.nextSentence,
    pooling: options.pooling,
    shortShare: data.shortShare,
    counts: () => readCounts(data.files ?? {}, data.input.vocabularySize),
  }),
  prepare: () => tokenBatch,
  throughput: ({ input }) => ({ unit: 'tokens', perSample: input.length }),
  encode: encodeTexts,
  encodeBatches: encodeTextBatches,
  batchSizeOf: () => TEXT_WINDOW,
  collapseCauses: textCollapseCauses,
  labeledData: 'texts in folders by class, or a .tsv, .csv or .jsonl with texts and labels, as `data`',
  fineTuning: {
    encoder: textFeatureEncoder,
    features: fineTunedTextReadout,
    options: fineTuneTextOptions,
    examples: textExamples,
    defaults: { epochs: 4, minSteps: 200, batchSize: 32, learningRate: 3e-4 },
  },
  alteredCopies: alteredTexts,
  show: showTexts,
  probes: heldOutProbes,
  sections: textSections,
  nameOf: nameOfText,
  portable: portableText,
  exports: { huggingface: { encoders: textEncoders.map(({ name }) => name), write: huggingFaceFiles } },
});

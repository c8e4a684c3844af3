import { SelfsupError } from '@selfsup/core';
import { poolTokens, tokenClassification, type FeatureEncoder, type LabeledExamples } from '@selfsup/evaluate';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AnyModule, EncodeOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { parseOptions } from '../option-schema.ts';
import { sequenceEncoder, type SequenceReadout } from './sequence-encoder.ts';
import { textInputOf } from './text-input.ts';
import { asTexts } from './text-samples.ts';

/** The options of fine-tuning on texts. */
export const fineTuneTextOptions = z.strictObject({
  pooling: z
    .enum(['first', 'mean'])
    .default('first')
    .describe("what stands for a text: the state of the first token, [CLS], or the mean of its tokens' states"),
});

/**
 * An encoder of texts as fine-tuning takes it.
 *
 * @param module the encoder of a run on text
 * @param options see {@link fineTuneTextOptions}
 * @returns an encoder from `TokenInput` to float32 `[batch, dim]`, with the variables of `module`
 */
export function textFeatureEncoder(module: AnyModule, options: Readonly<Record<string, unknown>> = {}): FeatureEncoder<tf.TensorContainer> {
  const { pooling } = parseOptions(fineTuneTextOptions, options, { who: 'fine-tuning on text' });
  return poolTokens(sequenceEncoder(module), { pooling });
}

/**
 * The encoder of {@link textFeatureEncoder} as `encodeTexts` takes it: a readout of whole sequences.
 *
 * @param module the encoder of a run on text
 * @param options see {@link fineTuneTextOptions}
 * @returns a readout with the variables of `module`
 */
export function fineTunedTextReadout(module: AnyModule, options: Readonly<Record<string, unknown>>): AnyModule {
  const pooled = textFeatureEncoder(module, options);
  const { trainable, buffers } = module;
  const readout: SequenceReadout = {
    ...{ trainable, buffers, readsSequences: true },
    apply: (input, apply) => pooled.apply({ ...input }, apply) as tf.Tensor2D,
    dispose: () => undefined,
  };
  return readout as unknown as AnyModule;
}

const CHUNK = 2048;

/**
 * Labeled texts as examples for fine-tuning.
 *
 * @param samples texts with labels
 * @param options see {@link EncodeOptions}
 * @returns the examples: batches are int32 `tokenIds` and `attentionMask` `[batch, length]`, as long as their longest text
 * @throws SelfsupError `SELFSUP_DATA` on texts without labels
 */
export async function textExamples(samples: Samples, options: EncodeOptions): Promise<LabeledExamples<tf.TensorContainer>> {
  const { dataset, labels, classNames, tokenizer, name } = asTexts(samples);
  if (!labels)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `there are no labels to fine-tune with in ${name}; give texts in folders by class, or a .tsv, .csv or .jsonl with texts and labels`,
    );
  const indices = options.indices ? Int32Array.from(options.indices) : Int32Array.from({ length: samples.length }, (_, i) => i);
  const sequences: Int32Array[] = [];
  for (let first = 0; first < indices.length; first += CHUNK) {
    const { tokenIds, attentionMask, shape } = await dataset.read(indices.subarray(first, first + CHUNK));
    for (let row = 0; row < shape[0]; row++) {
      const from = row * shape[1];
      sequences.push(tokenIds.slice(from, from + attentionMask.subarray(from, from + shape[1]).lastIndexOf(1) + 1));
    }
  }
  return tokenClassification({
    sequences,
    labels: Int32Array.from(indices, (index) => labels[index]!),
    numClasses: classNames?.length ?? labels.reduce((most, label) => Math.max(most, label), 0) + 1,
    padId: tokenizer.special.pad ?? tokenizer.special.separator ?? 0, // never attended
    maxLength: textInputOf(options.input).length,
  });
}

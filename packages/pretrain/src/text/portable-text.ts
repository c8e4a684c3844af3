import { poolTokens, type TokenInput } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import type { PortableContext, PortableNetwork } from '../portable.ts';
import { huggingFaceFiles } from './hugging-face/hugging-face-files.ts';
import { tokenizerFiles } from './hugging-face/tokenizer-files.ts';
import { TOKENIZER_FILE } from './run-tokenizer.ts';
import { openBertCheckpoint } from './hugging-face/open-bert-checkpoint.ts';
import { isSequenceReadout, sequenceEncoder, withAttention } from './sequence-encoder.ts';
import { textInputOf } from './text-input.ts';

/** The inputs, as Hugging Face's models call them. */
const NAMES = ['input_ids', 'attention_mask', 'token_type_ids'] as const;

/**
 * An encoder of texts as other runtimes see it: tokens in, states and features out, and the logits of masked words where its checkpoint has the head for them.
 *
 * @param context see {@link PortableContext}; a backend must be in force
 * @returns the network with the inputs `input_ids`, `attention_mask` and `token_type_ids` `[batch, length]`, the outputs `last_hidden_state`, `features` and maybe
 * `logits`
 */
export async function portableText({ encoder, bytes }: PortableContext): Promise<PortableNetwork> {
  const { attention, length, vocabularySize } = textInputOf(encoder.input);
  const pooling = (encoder.options as { pooling?: 'mean' | 'first' }).pooling ?? 'mean';
  const network = withAttention(sequenceEncoder(encoder.module), attention);
  const pooled = isSequenceReadout(encoder.features) ? encoder.features : poolTokens(network, { pooling });
  const {
    numSegments = 2,
    embeddingDim,
    width,
    projectionDim,
  } = encoder.encoder.options as { numSegments?: number; embeddingDim?: number; width?: number; projectionDim?: number };
  const isBert = numSegments > 0 && (embeddingDim ?? width) === width && projectionDim === undefined; // what Hugging Face's class has a place for
  const networks = isBert ? await openBertCheckpoint(bytes, encoder.encoder.options) : undefined;
  const head = networks?.head;
  const names = numSegments > 0 ? NAMES : NAMES.slice(0, 2);
  const written = isBert
    ? await huggingFaceFiles({ checkpoint: bytes, ...encoder })
    : await tokenizerFiles(encoder.files[TOKENIZER_FILE]!, { maxLength: length });
  const files = Object.fromEntries(Object.entries(written).filter(([name]) => name !== 'model.safetensors')); // the weights are in the network
  return {
    inputs: names.map((name) => ({ name, shape: ['batch', 'length'], type: 'int32' })),
    bounds: { length },
    outputs: ['last_hidden_state', 'features', ...(head ? ['logits'] : [])],
    run: ([tokenIds, attentionMask, segmentIds]) => {
      const input = { tokenIds, attentionMask, ...(segmentIds && { segmentIds }) } as TokenInput;
      const states = network.encode(input, { training: false }); // [batch, length, width]
      const rows = pooled.apply(input, { training: false }) as tf.Tensor2D;
      if (!head) return [states, rows];
      const logits = head.predict(states, { wordEmbedding: network.wordEmbedding });
      return [states, rows, tf.reshape(logits, [states.shape[0], states.shape[1], vocabularySize])];
    },
    files,
    preprocessing: [
      `Tokenize with \`tokenizer.json\`, at most ${length} tokens; \`attention_mask\` is 1 where there is a token and 0 where there is filling.`,
    ],
    dispose: () => {
      networks?.dispose();
    },
  };
}

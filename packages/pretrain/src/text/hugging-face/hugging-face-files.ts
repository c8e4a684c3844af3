import { SelfsupError } from '@selfsup/core';
import { specialTokenId } from '@selfsup/data/text';
import { toHuggingFaceBert } from '@selfsup/encoders';
import { encodeSafetensors } from '@selfsup/safetensors';
import type { ExportContext } from '../../modality.ts';
import { readRunTokenizer, TOKENIZER_FILE } from '../run-tokenizer.ts';
import { textInputOf } from '../text-input.ts';
import { openBertCheckpoint } from './open-bert-checkpoint.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

const json = (content: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);

/** What transformers call an encoder that sees only what is before a token, and its head. */
const causal = { architectures: ['BertLMHeadModel'], is_decoder: true };

/**
 * Makes the files of a folder that transformers loads: the BERT of a run, its heads and its tokenizer.
 *
 * @param context see {@link ExportContext}; a backend must be in force
 * @returns by name the bytes of config.json, model.safetensors, tokenizer.json, tokenizer_config.json and special_tokens_map.json
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the checkpoint is damaged or holds no BERT, or the tokenizer is not that of the run; `SELFSUP_OPTION` on an encoder
 * whose embeddings are narrower than its states, or that has a projection, for which BERT has no place
 * @remarks A run of `masked-language` becomes `BertForMaskedLM`, with pairs of sentences `BertForPreTraining`; one of `next-token` `BertLMHeadModel`, a decoder; one
 * of `replaced-token`, `tsdae` or `span-corruption` `BertModel`, without a head.
 */
export async function huggingFaceFiles(context: Omit<ExportContext, 'module'>): Promise<Readonly<Record<string, Uint8Array>>> {
  const { checkpoint, files } = context;
  if (context.encoder.options['projectionDim'] !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      'a BERT with a projection (`projectionDim`) has no counterpart in huggingface; export it as onnx',
    );
  const input = textInputOf(context.input);
  const tokenizer = await readRunTokenizer(files, input);
  const networks = await openBertCheckpoint(checkpoint, context.encoder.options);
  try {
    const { backbone, head, nextSentenceHead } = networks;
    const paddingId = tokenizer.special.pad ?? tokenizer.special.separator ?? specialTokenId(tokenizer, 'pad');
    const { config, metadata, tensors } = await toHuggingFaceBert({
      backbone,
      ...(head && { head }),
      ...(nextSentenceHead && { nextSentenceHead }),
      paddingId,
    });
    return {
      'config.json': json({ ...config, ...(input.attention === 'causal' && head && causal) }),
      'model.safetensors': encodeSafetensors({ metadata, tensors }),
      ...(await tokenizerFiles(files[TOKENIZER_FILE]!, { maxLength: input.length })),
    };
  } finally {
    networks.dispose();
  }
}

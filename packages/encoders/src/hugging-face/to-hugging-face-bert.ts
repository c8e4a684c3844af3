import { SelfsupError, type Module } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertEncoder } from '../bert.ts';
import type { MaskedLanguageHead } from '../masked-language-head.ts';
import { entriesOf, type Part } from '../pretrained/name-table.ts';
import { bertHead, bertParts } from '../pretrained/parts.ts';
import { bertTable } from '../pretrained/tables/bert.ts';
import { writeEntries, type ForeignTensor } from '../pretrained/to-foreign.ts';
import { saveWeights, type VariableOwner } from '../save-weights.ts';
import { writeBertConfig } from './bert-config.ts';

/** What {@link toHuggingFaceBert} turns around. */
export interface ToHuggingFaceBertOptions {
  /** The encoder, made by `bert` or one of its sizes with its own embeddings as wide as its hidden states. */
  backbone: BertEncoder;
  /** The head of masked language modeling, made by `maskedLanguageHead`. */
  head?: Pick<MaskedLanguageHead, 'trainable' | 'buffers'>;
  /** The head of next-sentence prediction, made by `nextSentenceHead`. */
  nextSentenceHead?: Module<tf.Tensor2D, tf.Tensor2D>;
  /** The id of the padding token; default 0. */
  paddingId?: number;
}

/** A BERT as Hugging Face keeps it. */
export interface HuggingFaceBertFiles {
  /** The content of `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The strings of `model.safetensors`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors of `model.safetensors`. */
  readonly tensors: ReadonlyMap<string, ForeignTensor>;
}

/** Their class, and whether names of the encoder begin with `bert.`. */
function architectureOf({ head, nextSentenceHead }: ToHuggingFaceBertOptions): string {
  if (head) return nextSentenceHead ? 'BertForPreTraining' : 'BertForMaskedLM';
  return nextSentenceHead ? 'BertForNextSentencePrediction' : 'BertModel';
}

async function renamed(what: string, network: VariableOwner, parts: readonly Part[]): Promise<[string, ForeignTensor][]> {
  return [...writeEntries('toHuggingFaceBert', await saveWeights(network), { entries: entriesOf(bertTable, parts), what })];
}

/**
 * Gives a BERT Hugging Face's names: what `config.json` and `model.safetensors` must hold so that `BertForMaskedLM.from_pretrained` loads it.
 *
 * @param options see {@link ToHuggingFaceBertOptions}
 * @returns the config, and the tensors, copies, for `encodeSafetensors` of @selfsup/safetensors. With a head they are those of `BertForMaskedLM`, with both heads of
 * `BertForPreTraining`, with neither of `BertModel`, which starts a pooler of its own
 * @throws SelfsupError `SELFSUP_OPTION` when the encoder has narrower embeddings or shares another's, or a head does not fit it
 * @see Devlin et al.: "BERT", https://arxiv.org/abs/1810.04805
 * @remarks The output layer is tied to the word embedding on both sides, so there is no `cls.predictions.decoder.weight`. Values are copied bit for bit; only
 * kernels change, by transposition.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny, maskedLanguageHead, toHuggingFaceBert } from '@selfsup/encoders';
 * const backbone = bertTiny({ vocabularySize: 1000 })(createRng(0));
 * const head = maskedLanguageHead({ width: 128, vocabularySize: 1000 })(createRng(1));
 * const { config, tensors } = await toHuggingFaceBert({ backbone, head });
 * console.log(config['architectures'], tensors.get('cls.predictions.bias')?.shape); // ['BertForMaskedLM'], [1000]
 * ```
 */
export async function toHuggingFaceBert(options: ToHuggingFaceBertOptions): Promise<HuggingFaceBertFiles> {
  const { backbone, head, nextSentenceHead, paddingId = 0 } = options;
  const dims = backbone.options;
  if (dims.embeddingDim !== dims.width)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `toHuggingFaceBert: \`backbone\` must have embeddings of its width, ${dims.width}, as BERT has, got embeddingDim ${dims.embeddingDim}`,
    );
  if (dims.numSegments === 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      "toHuggingFaceBert: `backbone` must have kinds of segments, as BERT has, got numSegments 0; `toForeign` gives it DistilBERT's names",
    );
  const headDims = { width: dims.width, words: dims.vocabularySize };
  const architecture = architectureOf(options);
  const prefix = architecture === 'BertModel' ? '' : 'bert.';
  const entries = [
    ...(await renamed('backbone', backbone, bertParts(dims))),
    ...(head ? await renamed('head', head, bertHead('maskedHead', headDims)) : []),
    ...(nextSentenceHead ? await renamed('nextSentenceHead', nextSentenceHead, bertHead('nextSentenceHead', headDims)) : []),
  ];
  return {
    config: writeBertConfig(dims, { architecture, paddingId }),
    metadata: { format: 'pt' }, // older versions of transformers refuse a file without it
    tensors: new Map(entries.map(([name, tensor]) => [name.startsWith('cls.') ? name : prefix + name, tensor])),
  };
}

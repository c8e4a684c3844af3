import { SelfsupError, type ModuleFactory, type Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertFactory, BertOptions, BertSize } from '../bert.ts';
import { maskedLanguageHead, type MaskedLanguageHead } from '../masked-language-head.ts';
import { nextSentenceHead } from '../next-sentence-head.ts';
import { configFields } from '../pretrained/config-fields.ts';
import { entriesOf, type ReadTensors } from '../pretrained/name-table.ts';
import { bertHead } from '../pretrained/parts.ts';
import { describeByConfig, readBert } from '../pretrained/read-bert.ts';
import { readEntries } from '../pretrained/read-entries.ts';
import { recognizeFamily } from '../pretrained/recognize-family.ts';
import { bertTable } from '../pretrained/tables/bert.ts';
import { withWeights } from '../pretrained/with-weights.ts';

/** What {@link fromHuggingFaceBert} reads. */
export interface FromHuggingFaceBertOptions {
  /** The parsed `config.json`. */
  config: unknown;
  /** The tensors of `model.safetensors`. */
  tensors: ReadTensors;
}

/** A BERT that someone trained. */
export interface PretrainedBert {
  /** The sizes and rates of the config, as `bert` takes them. */
  readonly options: Required<BertSize & BertOptions>;
  /** Makes encoders with the weights of the file; `rng` draws nothing that is kept. */
  readonly backbone: BertFactory;
  /** Makes heads of masked language modeling, if the file has one. */
  readonly head?: (rng: Rng) => MaskedLanguageHead;
  /** Makes heads of next-sentence prediction, if the file has a pooler and one. */
  readonly nextSentenceHead?: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

const WHO = 'fromHuggingFaceBert';

function fail(message: string): never {
  throw new SelfsupError('SELFSUP_CHECKPOINT', `${WHO}: ${message}`);
}

type Tensors = ReadTensors;

/** Refuses an output layer with weights of its own; a copy of the tied ones is fine. */
function checkTied(tensors: Tensors): void {
  for (const [copy, original] of [
    ['cls.predictions.decoder.weight', 'embeddings.word_embeddings.weight'],
    ['cls.predictions.decoder.bias', 'cls.predictions.bias'],
  ] as const) {
    const [a, b] = [tensors.get(copy), tensors.get(original)];
    if (!a || !b) continue;
    if (a.shape.join() !== b.shape.join() || a.data.length !== b.data.length)
      fail(`\`${copy}\` must have the shape [${b.shape.join(', ')}] of \`${original}\`, got [${a.shape.join(', ')}]`);
    for (let i = 0; i < a.data.length; i++)
      if (!Object.is(a.data[i], b.data[i])) fail(`\`${copy}\` must equal \`${original}\`, to which it is tied, but differs at value ${i}`);
  }
}

/**
 * Reads a BERT that Hugging Face's transformers saved: checks config and tensors against each other and makes factories of networks with these weights.
 *
 * @param source see {@link FromHuggingFaceBertOptions}
 * @returns see {@link PretrainedBert}; the factories go where those of `bert` and its heads go, such as into a task, and copy the weights each time
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the config is not that of a BERT like ours (`model_type` bert, GELU by the error function, absolute
 * positions, tied output), or a tensor is missing, has no place or has another shape: the first is named, with what was
 * expected and what came
 * @see Devlin et al.: "BERT", https://arxiv.org/abs/1810.04805
 * @remarks Takes the files of `BertModel`, `BertForMaskedLM`, `BertForPreTraining` and of classifiers, whose own layers are ignored, with the prefix `bert.` and
 * without, and the old names `gamma` and `beta`. A pooler without a next-sentence head is ignored.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { createRng } from '@selfsup/core';
 * import { fromHuggingFaceBert } from '@selfsup/encoders';
 * import { decodeSafetensors } from '@selfsup/safetensors';
 * const config: unknown = JSON.parse(await readFile('bert/config.json', 'utf8'));
 * const { tensors } = decodeSafetensors(await readFile('bert/model.safetensors'));
 * const encoder = fromHuggingFaceBert({ config, tensors }).backbone(createRng(0));
 * ```
 */
export function fromHuggingFaceBert(source: FromHuggingFaceBertOptions): PretrainedBert {
  const config = configFields(WHO, 'config.json', source.config);
  if (!config.given) fail('config.json must hold an object, got nothing');
  describeByConfig('huggingface-bert', config);
  const found = recognizeFamily(WHO, source.tensors, {});
  if (found.table !== bertTable) fail(`the tensors must have the names of Hugging Face's BertModel, got those of ${found.table.family}`);
  const { description: options, weights, build } = readBert(WHO, found, { config, numHeads: undefined });
  const tensors = new Map([...found.network, ...found.beside]);
  checkTied(tensors);

  const has = (start: string) => [...tensors.keys()].some((name) => name.startsWith(start));
  const headDims = { width: options.width, words: options.vocabularySize };
  const headWeights = (named: Tensors, rows: 'maskedHead' | 'nextSentenceHead') =>
    readEntries(WHO, named, { entries: entriesOf(bertTable, bertHead(rows, headDims)), source: 'config' });
  const head = has('cls.predictions.') && headWeights(withBias(tensors), 'maskedHead');
  const next = has('cls.seq_relationship.') && has('pooler.') && headWeights(tensors, 'nextSentenceHead');
  return {
    options,
    backbone: withWeights(build, weights),
    ...(head ? { head: withWeights(maskedLanguageHead(options), head) } : {}),
    ...(next ? { nextSentenceHead: withWeights(nextSentenceHead(options), next) } : {}),
  };
}

/** The output's bias under its own name where the file has it under the decoder's only. */
function withBias(tensors: Tensors): Tensors {
  const bias = tensors.get('cls.predictions.bias') ?? tensors.get('cls.predictions.decoder.bias');
  return bias ? new Map([...tensors, ['cls.predictions.bias', bias]]) : tensors;
}

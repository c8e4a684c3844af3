import { SelfsupError, type ModuleFactory, type Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { bert, type BertEncoder, type BertFactory, type BertOptions, type BertSize } from '../bert.ts';
import { loadWeights } from '../load-weights.ts';
import { maskedLanguageHead, type MaskedLanguageHead } from '../masked-language-head.ts';
import { nextSentenceHead } from '../next-sentence-head.ts';
import type { SavedWeights } from '../save-weights.ts';
import { readBertConfig } from './bert-config.ts';
import { backboneTensors, headTensors, nextSentenceTensors, transpose, type TensorPair } from './bert-tensors.ts';

/** A tensor of a file; `decodeSafetensors` of @selfsup/safetensors gives such. */
export interface ReadTensor {
  /** Its type; weights must be `F32`. */
  readonly dtype: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** Row-major values. */
  readonly data: ArrayLike<number>;
}

/** What {@link fromHuggingFaceBert} reads. */
export interface FromHuggingFaceBertOptions {
  /** The parsed `config.json`. */
  config: unknown;
  /** The tensors of `model.safetensors`. */
  tensors: ReadonlyMap<string, ReadTensor>;
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

type Tensors = ReadonlyMap<string, ReadTensor>;

/** Without the prefix of the encoder, and with today's names of what TensorFlow called gamma and beta. */
function normalizedNames(tensors: Tensors): Map<string, ReadTensor> {
  const result = new Map<string, ReadTensor>();
  for (const [name, tensor] of tensors) {
    const plain = name
      .replace(/^bert\./, '')
      .replace(/\.gamma$/, '.weight')
      .replace(/\.beta$/, '.bias');
    if (result.has(plain)) fail(`the file has \`${plain}\` twice, one of them as \`${name}\``);
    result.set(plain, tensor);
  }
  return result;
}

function readWeights(tensors: Tensors, pairs: readonly TensorPair[]): SavedWeights {
  return Object.fromEntries(
    pairs.map(({ name, path, shape, transposed }) => {
      const theirs = transposed ? [...shape].reverse() : shape;
      const tensor = tensors.get(name) ?? fail(`the config asks for \`${name}\` [${theirs.join(', ')}], which the file lacks`);
      if (tensor.shape.join() !== theirs.join())
        fail(`by the config \`${name}\` must have shape [${theirs.join(', ')}], got [${tensor.shape.join(', ')}]`);
      const { dtype, data } = tensor;
      if (dtype !== 'F32' || !(data instanceof Float32Array)) fail(`\`${name}\` must be of F32, got ${dtype}`);
      if (!transposed) return [path, { shape, data }];
      return [path, { shape, data: transpose(data, theirs as [number, number]) }];
    }),
  );
}

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

/** Refuses more layers than the file has before anything is made for each of them: a config may ask for any number. */
function checkLayers(tensors: Tensors, { numLayers, width }: BertSize): void {
  const query = (layer: number) => `encoder.layer.${layer}.attention.self.query.weight`;
  let found = 0;
  while (found < numLayers && tensors.has(query(found))) found++;
  if (found < numLayers) fail(`the config asks for \`${query(found)}\` [${width}, ${width}], which the file lacks`);
}

/** Refuses a part of the encoder for which the config has no place, such as a third layer of two. */
function checkNoneLeft(tensors: Tensors, pairs: readonly TensorPair[]): void {
  const known = new Set([...pairs.map(({ name }) => name), 'embeddings.position_ids', 'embeddings.token_type_ids']);
  for (const [name, { shape }] of tensors)
    if (/^(embeddings|encoder)\./.test(name) && !known.has(name))
      fail(`the file has \`${name}\` [${shape.join(', ')}], for which the config has no place`);
}

/**
 * Reads a BERT that Hugging Face's transformers saved: checks config and tensors against each other and makes factories of networks with these weights.
 *
 * @param source see {@link FromHuggingFaceBertOptions}
 * @returns see {@link PretrainedBert}; the factories go where those of `bert` and its heads go, such as into a task, and copy the weights each time
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the config is not that of a BERT like ours (`model_type` bert, GELU by the error function, absolute positions,
 * epsilon 1e-12, intermediate size four times the width, tied output), or a tensor is missing, has no place or has another shape: the first is named, with what was
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
  const options = readBertConfig(WHO, source.config);
  const tensors = normalizedNames(source.tensors);
  checkLayers(tensors, options);
  const pairs = backboneTensors(options);
  const weights = readWeights(tensors, pairs);
  checkNoneLeft(tensors, pairs);
  checkTied(tensors);

  const build = bert(options);
  const backbone = (rng: Rng, shared?: Parameters<BertFactory>[1]): BertEncoder => {
    const encoder = build(rng, shared);
    const own = Object.entries(weights).filter(([path]) => path in encoder.trainable); // shared embeddings stay the other's
    loadWeights(encoder, Object.fromEntries(own));
    return encoder;
  };
  const { outputDim, embeddingDim, vocabularySize } = build;
  const has = (start: string) => [...tensors.keys()].some((name) => name.startsWith(start));
  const head = has('cls.predictions.') && readWeights(withBias(tensors), headTensors(options));
  const next = has('cls.seq_relationship.') && has('pooler.') && readWeights(tensors, nextSentenceTensors(options));
  return {
    options,
    backbone: Object.assign(backbone, { outputDim, embeddingDim, vocabularySize }),
    ...(head ? { head: loaded(maskedLanguageHead(options), head) } : {}),
    ...(next ? { nextSentenceHead: loaded(nextSentenceHead(options), next) } : {}),
  };
}

/** The output's bias under its own name where the file has it under the decoder's only. */
function withBias(tensors: Tensors): Tensors {
  const bias = tensors.get('cls.predictions.bias') ?? tensors.get('cls.predictions.decoder.bias');
  return bias ? new Map([...tensors, ['cls.predictions.bias', bias]]) : tensors;
}

function loaded<M extends Parameters<typeof loadWeights>[0]>(build: (rng: Rng) => M, weights: SavedWeights): (rng: Rng) => M {
  return (rng) => {
    const module = build(rng);
    loadWeights(module, weights);
    return module;
  };
}

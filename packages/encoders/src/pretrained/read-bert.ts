import { SelfsupError } from '@selfsup/core';
import { bert, type BertOptions, type BertSize } from '../bert.ts';
import type { ConfigFields } from './config-fields.ts';
import { entriesOf } from './name-table.ts';
import { bertParts } from './parts.ts';
import { readNetwork } from './read-entries.ts';
import { countLayers, type FoundNetwork } from './recognize-family.ts';

/** What the config calls what; the value of each field that our BERT has only one of. */
const configs = {
  'huggingface-bert': {
    type: 'bert',
    fields: {
      numLayers: 'num_hidden_layers',
      width: 'hidden_size',
      numHeads: 'num_attention_heads',
      vocabularySize: 'vocab_size',
      maxPositions: 'max_position_embeddings',
      hiddenDim: 'intermediate_size',
    },
    rates: { dropoutRate: 'hidden_dropout_prob', attentionDropoutRate: 'attention_probs_dropout_prob' },
    fixed: {
      hidden_act: 'gelu',
      position_embedding_type: 'absolute',
      tie_word_embeddings: true,
      is_decoder: false,
      add_cross_attention: false,
    },
  },
  'huggingface-distilbert': {
    type: 'distilbert',
    fields: {
      numLayers: 'n_layers',
      width: 'dim',
      numHeads: 'n_heads',
      vocabularySize: 'vocab_size',
      maxPositions: 'max_position_embeddings',
      hiddenDim: 'hidden_dim',
    },
    rates: { dropoutRate: 'dropout', attentionDropoutRate: 'attention_dropout' },
    fixed: { activation: 'gelu', tie_word_embeddings: true },
  },
} as const;

const EPSILON = 1e-12;

/** Everything that `bert` takes. */
export type BertDescription = Required<BertSize & BertOptions>;

/** The families of a BERT. */
export type BertFamily = keyof typeof configs;

/** The description of a BERT by its config. */
export function describeByConfig(family: BertFamily, config: ConfigFields): BertDescription {
  const { type, fields, rates, fixed } = configs[family];
  if (config.value('model_type') !== type) config.fail('model_type', JSON.stringify(type), config.value('model_type'));
  const count = (name: string) => config.count(name) ?? config.fail(name, 'an integer >= 1', undefined);
  const rate = (name: string) => config.number(name, 'in [0, 1)', (value) => value >= 0 && value < 1) ?? 0.1;
  const [width, numHeads] = [count(fields.width), count(fields.numHeads)];
  if (width % numHeads !== 0) config.fail(fields.width, `a multiple of ${fields.numHeads}, ${numHeads}`, width);
  const description = {
    numLayers: count(fields.numLayers),
    width,
    numHeads,
    vocabularySize: count(fields.vocabularySize),
    maxPositions: count(fields.maxPositions),
    numSegments: type === 'bert' ? (config.count('type_vocab_size') ?? 2) : 0,
    embeddingDim: width,
    hiddenDim: count(fields.hiddenDim),
    epsilon: (type === 'bert' ? config.number('layer_norm_eps', 'a number > 0', (value) => value > 0) : undefined) ?? EPSILON,
    dropoutRate: rate(rates.dropoutRate),
    attentionDropoutRate: rate(rates.attentionDropoutRate),
  };
  config.only(fixed);
  return description;
}

/** The description of a BERT by its tensors, where there is no config. */
function describeByTensors(who: string, { network, table }: FoundNetwork, heads: number | undefined): BertDescription {
  const rows = [...table.rows['network']!, ...table.rows['layer']!];
  const side = (path: string, axis: number) => {
    const row = rows.find(({ ours }) => ours === path);
    return row && network.get(row.theirs.replace('{layer}', '0'))?.shape[axis];
  };
  const width = side('encoder/layer{layer}/attention/query/kernel', 0) ?? 1;
  const numHeads = heads ?? headsOf(width);
  if (numHeads === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: nothing says how many heads the width ${width} is divided into; give config.json or \`numHeads\``,
    );
  if (width % numHeads !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`numHeads\` must divide the width ${width}, got ${numHeads}`);
  const numSegments = side('embeddings/segment/weight', 0) ?? 0;
  if (numSegments === 1)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: one kind of segments and no config.json: this looks like a RoBERTa, whose positions begin at 2; a BERT of one kind needs its config.json`,
    );
  return {
    numLayers: 0, // counted
    width,
    numHeads,
    vocabularySize: side('embeddings/word/weight', 0) ?? 1,
    maxPositions: side('embeddings/position/weight', 0) ?? 1,
    numSegments,
    embeddingDim: width,
    hiddenDim: side('encoder/layer{layer}/intermediate/kernel', 0) ?? 4 * width,
    epsilon: EPSILON,
    dropoutRate: 0.1,
    attentionDropoutRate: 0.1,
  };
}

/** Heads of 64 columns, but MiniLM's width 384 has 12 of 32. */
const headsOf = (width: number) => (width === 384 ? 12 : width % 64 === 0 ? width / 64 : undefined);

const sizes = {
  'bert-tiny': [2, 128],
  'bert-mini': [4, 256],
  'bert-small': [4, 512],
  'bert-medium': [8, 512],
  'bert-base': [12, 768],
} as const;

/** Reads the encoder of a BERT. */
export function readBert(who: string, found: FoundNetwork, { config, numHeads }: { config: ConfigFields; numHeads: number | undefined }) {
  const layersInFile = countLayers(found, 'layer');
  const described = config.given ? describeByConfig(found.table.family as BertFamily, config) : describeByTensors(who, found, numHeads);
  // of the layers that the file lacks the first says enough: a config may ask for any number
  const description = {
    ...described,
    numLayers: config.given ? Math.min(described.numLayers, layersInFile + 1) : Math.max(1, layersInFile),
  };
  const entries = entriesOf(found.table, bertParts(description));
  const { weights, left } = readNetwork(who, found, { entries, source: config.given ? 'config' : 'architecture' });
  const { numLayers, width, numHeads: heads, maxPositions, numSegments, embeddingDim, dropoutRate, attentionDropoutRate } = description;
  const { hiddenDim, epsilon } = description;
  const encoder =
    Object.entries(sizes).find(([, [layers, columns]]) => layers === numLayers && columns === width)?.[0] ??
    Object.entries(sizes).findLast(([, [, columns]]) => columns <= width)?.[0] ??
    'bert-tiny';
  return {
    encoder: encoder as keyof typeof sizes,
    options: {
      numLayers,
      width,
      numHeads: heads,
      maxPositions,
      numSegments,
      embeddingDim,
      dropoutRate,
      attentionDropoutRate,
      ...(hiddenDim !== 4 * width && { hiddenDim }),
      ...(epsilon !== EPSILON && { epsilon }),
    },
    description,
    weights,
    left,
    notes: config.given
      ? []
      : [
          `there is no config.json: ${heads} heads${numHeads === undefined ? ' are assumed' : ''}, dropout of 0.1 and epsilon 1e-12 are assumed`,
        ],
    build: bert(description),
  };
}

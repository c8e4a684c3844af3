import { SelfsupError } from '@selfsup/core';
import { bert, type BertOptions, type BertSize } from '../bert.ts';
import type { ConfigFields } from './config-fields.ts';
import { entriesOf } from './name-table.ts';
import { bertParts } from './parts.ts';
import { readNetwork } from './read-entries.ts';
import { countLayers } from './read-vit.ts';
import type { FoundNetwork } from './recognize-family.ts';

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
    fixed: { hidden_act: 'gelu', position_embedding_type: 'absolute', tie_word_embeddings: true, is_decoder: false, add_cross_attention: false },
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

/** Everything that `bert` takes. */
export type BertDescription = Required<BertSize & BertOptions>;

/** The description of a BERT by its config, and where it says nothing by the tensors. */
function describe(who: string, found: FoundNetwork, { config, numHeads }: { config: ConfigFields; numHeads: number | undefined }) {
  const { type, fields, rates, fixed } = configs[found.table.family as keyof typeof configs];
  if (config.given && config.value('model_type') !== type) config.fail('model_type', JSON.stringify(type), config.value('model_type'));
  const { network, table } = found;
  const row = (path: string) => [...table.rows['network']!, ...table.rows['layer']!].find(({ ours }) => ours === path)?.theirs ?? '';
  const side = (path: string, axis: number) => network.get(row(path).replace('{layer}', '0'))?.shape[axis];
  const sizeOf = (name: keyof typeof fields, inFile: number | undefined): number => {
    if (!config.given) return inFile ?? 1;
    return config.count(fields[name]) ?? config.fail(fields[name], 'an integer >= 1', undefined);
  };
  const width = sizeOf('width', side('encoder/layer{layer}/attention/query/kernel', 0));
  const heads = config.given ? sizeOf('numHeads', undefined) : (numHeads ?? headsOf(width));
  if (heads === undefined)
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: nothing says how many heads the width ${width} is divided into; give \`numHeads\` or config.json`);
  if (width % heads !== 0) {
    if (config.given) config.fail(fields.width, `a multiple of ${fields.numHeads}, ${heads}`, width);
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`numHeads\` must divide the width ${width}, got ${heads}`);
  }
  const layers = countLayers(found, 'layer');
  const hasSegments = row('embeddings/segment/weight') !== '';
  const segmentRows = side('embeddings/segment/weight', 0) ?? 0;
  const segments = hasSegments ? (config.given ? (config.count('type_vocab_size') ?? 2) : segmentRows) : 0;
  if (!config.given && hasSegments && segmentRows === 1)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: one kind of segments and no config.json: this looks like a RoBERTa, whose positions begin at 2; a BERT of one kind needs its config.json`,
    );
  const description: BertDescription = {
    numLayers: Math.min(sizeOf('numLayers', layers), layers + 1), // those after the first that lacks would only be missing, too
    width,
    numHeads: heads,
    vocabularySize: sizeOf('vocabularySize', side('embeddings/word/weight', 0)),
    maxPositions: sizeOf('maxPositions', side('embeddings/position/weight', 0)),
    numSegments: segments,
    embeddingDim: width,
    hiddenDim: sizeOf('hiddenDim', side('encoder/layer{layer}/intermediate/kernel', 0)),
    epsilon: (type === 'bert' ? config.number('layer_norm_eps', 'a number > 0', (value) => value > 0) : undefined) ?? 1e-12,
    dropoutRate: config.number(rates.dropoutRate, 'in [0, 1)', (value) => value >= 0 && value < 1) ?? 0.1,
    attentionDropoutRate: config.number(rates.attentionDropoutRate, 'in [0, 1)', (value) => value >= 0 && value < 1) ?? 0.1,
  };
  config.only(fixed);
  return description;
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
  const description = describe(who, found, { config, numHeads });
  const entries = entriesOf(found.table, bertParts(description));
  const { weights, left } = readNetwork(who, found, { entries, source: config.given ? 'config' : 'architecture' });
  const { vocabularySize, hiddenDim, epsilon, ...rest } = description;
  const { numLayers, width } = rest;
  const encoder =
    Object.entries(sizes).find(([, [layers, columns]]) => layers === numLayers && columns === width)?.[0] ??
    Object.entries(sizes).findLast(([, [, columns]]) => columns <= width)?.[0] ??
    'bert-tiny';
  return {
    encoder: encoder as keyof typeof sizes,
    options: { ...rest, ...(hiddenDim !== 4 * width && { hiddenDim }), ...(epsilon !== 1e-12 && { epsilon }) },
    description,
    weights,
    left,
    notes: config.given
      ? []
      : [`there is no config.json: ${rest.numHeads} heads${numHeads === undefined ? ' are assumed' : ''}, dropout of 0.1 and epsilon 1e-12 are assumed`],
    build: bert(description),
  };
}

import { printableValue, SelfsupError } from '@selfsup/core';
import type { BertOptions, BertSize } from '../bert.ts';

type HuggingFaceConfig = Readonly<Record<string, unknown>>;

const EPSILON = 1e-12;
const sizes = {
  numLayers: 'num_hidden_layers',
  width: 'hidden_size',
  numHeads: 'num_attention_heads',
  vocabularySize: 'vocab_size',
  maxPositions: 'max_position_embeddings',
  numSegments: 'type_vocab_size',
} as const;
const rates = { dropoutRate: 'hidden_dropout_prob', attentionDropoutRate: 'attention_probs_dropout_prob' } as const;
/** The only value that our BERT has; an absent one means it. */
const fixed = {
  hidden_act: 'gelu',
  position_embedding_type: 'absolute',
  layer_norm_eps: EPSILON,
  tie_word_embeddings: true,
  is_decoder: false,
  add_cross_attention: false,
};

/** Writes the config of a BERT. Internal. */
export function writeBertConfig(
  options: Required<BertSize & BertOptions>,
  { architecture, paddingId }: { architecture: string; paddingId: number },
): Record<string, unknown> {
  const named = (names: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [theirs, options[ours as keyof typeof options]]));
  return {
    architectures: [architecture],
    model_type: 'bert',
    ...named(sizes),
    intermediate_size: 4 * options.width,
    ...fixed,
    ...named(rates),
    initializer_range: 0.02,
    pad_token_id: paddingId,
    use_cache: true,
    torch_dtype: 'float32',
  };
}

const show = (value: unknown) => (value === undefined ? 'nothing' : printableValue(value));

/** Reads and checks the config of a BERT. Internal. */
export function readBertConfig(who: string, config: unknown): Required<BertSize & BertOptions> {
  const fail = (name: string, expected: string, got: unknown): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: \`${name}\` of config.json must be ${expected}, got ${show(got)}`);
  };
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: config.json must hold an object, got ${show(config)}`);
  const given = config as HuggingFaceConfig;
  if (given['model_type'] !== 'bert') fail('model_type', '"bert"', given['model_type']);
  const size = Object.fromEntries(
    Object.entries(sizes).map(([ours, theirs]) => {
      const value = given[theirs] ?? (ours === 'numSegments' ? 2 : undefined);
      return [ours, Number.isSafeInteger(value) && (value as number) >= 1 ? (value as number) : fail(theirs, 'an integer >= 1', value)];
    }),
  ) as Record<keyof typeof sizes, number>;
  const { width, numHeads } = size;
  if (width % numHeads !== 0) fail('hidden_size', `a multiple of num_attention_heads, ${numHeads}`, width);
  const hidden = given['intermediate_size'];
  if (hidden !== 4 * width) fail('intermediate_size', `4 · hidden_size, ${4 * width}`, hidden);
  for (const [name, only] of Object.entries(fixed)) {
    const value = given[name] ?? only;
    if (value !== only) fail(name, show(only), value);
  }
  const rate = Object.fromEntries(
    Object.entries(rates).map(([ours, theirs]) => {
      const value = given[theirs] ?? 0.1;
      return [ours, typeof value === 'number' && value >= 0 && value < 1 ? value : fail(theirs, 'in [0, 1)', value)];
    }),
  ) as Record<keyof typeof rates, number>;
  return { ...size, ...rate, embeddingDim: width };
}

import type { SpecialTokens, TokenizerJson } from './tokenizer.ts';

/** What {@link wordPieceJson} writes down. */
export interface WordPieceDefinition {
  readonly tokens: readonly string[];
  readonly special: SpecialTokens;
  readonly specialIds: readonly number[];
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  readonly continuationPrefix: string;
  readonly maxWordCharacters: number;
}

/** The `tokenizer.json` of a WordPiece tokenizer, in the fields that Hugging Face's tokenizers 0.23 write for bert-base-uncased. */
export function wordPieceJson(definition: WordPieceDefinition): TokenizerJson {
  const { tokens, special, specialIds, lowercase, stripAccents } = definition;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const { classify, separator } = special;
  const specialToken = (id: number | undefined, segment: number) =>
    id === undefined ? [] : [{ SpecialToken: { id: tokens[id]!, type_id: segment } }];
  const sequence = (id: 'A' | 'B', segment: number) => ({ Sequence: { id, type_id: segment } });
  const single = [...specialToken(classify, 0), sequence('A', 0), ...specialToken(separator, 0)];
  const around = [classify, separator].filter((id) => id !== undefined).map((id) => tokens[id]!);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialIds.map((id) => ({ id, content: tokens[id]!, ...flags })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: stripAccents, lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), ...specialToken(separator, 1)],
      special_tokens: Object.fromEntries(around.map((token) => [token, { id: token, ids: [tokens.indexOf(token)], tokens: [token] }])),
    },
    decoder: { type: 'WordPiece', prefix: definition.continuationPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: tokens[special.unknown!]!,
      continuing_subword_prefix: definition.continuationPrefix,
      max_input_chars_per_word: definition.maxWordCharacters,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

/** Takes out the spaces that tokenizing put around punctuation and English contractions. */
export const tidySpaces = (text: string): string =>
  text
    .replace(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replace(/ (n't|'m|'s|'ve|'re)/g, '$1');

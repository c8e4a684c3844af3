import type { NumberedToken } from './added-tokens.ts';
import type { Template } from './encode-with-template.ts';
import type { TokenizerJson } from './tokenizer.ts';

/** What {@link wordPieceJson} writes down. */
export interface WordPieceDefinition {
  /** The vocabulary, by id. */
  readonly tokens: readonly string[];
  /** By id. */
  readonly added: readonly NumberedToken[];
  readonly unknown: number;
  readonly template: Template;
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  readonly continuationPrefix: string;
  readonly maxWordCharacters: number;
  /** Whether decoding takes out the spaces around punctuation. */
  readonly tidy: boolean;
}

/** The `tokenizer.json` of a WordPiece tokenizer, in the fields that Hugging Face's tokenizers 0.23 write for bert-base-uncased. */
export function wordPieceJson(definition: WordPieceDefinition): TokenizerJson {
  const { tokens, added, template, lowercase, stripAccents } = definition;
  const nameOf = new Map(added.map(({ id, content }) => [id, content]));
  const tokenOf = (id: number) => nameOf.get(id) ?? tokens[id]!;
  const specialTokens = (ids: readonly number[], segment: number) =>
    ids.map((id) => ({ SpecialToken: { id: tokenOf(id), type_id: segment } }));
  const sequence = (id: 'A' | 'B', segment: number) => ({ Sequence: { id, type_id: segment } });
  const { first, last, between, lastOfPair, pairSegment } = template;
  const around = [...new Set([...first, ...last, ...between, ...lastOfPair])];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, singleWord, lstrip, rstrip, normalized, special }) => ({
      id,
      content,
      single_word: singleWord,
      lstrip,
      rstrip,
      normalized,
      special,
    })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: stripAccents, lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [...specialTokens(first, 0), sequence('A', 0), ...specialTokens(last, 0)],
      pair: [
        ...specialTokens(first, 0),
        sequence('A', 0),
        ...specialTokens(between, 0),
        sequence('B', pairSegment),
        ...specialTokens(lastOfPair, pairSegment),
      ],
      special_tokens: Object.fromEntries(around.map((id) => [tokenOf(id), { id: tokenOf(id), ids: [id], tokens: [tokenOf(id)] }])),
    },
    decoder: { type: 'WordPiece', prefix: definition.continuationPrefix, cleanup: definition.tidy },
    model: {
      type: 'WordPiece',
      unk_token: tokens[definition.unknown]!,
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

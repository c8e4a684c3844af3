import { isNestedDeeper, printable, SelfsupError } from '@selfsup/core';
import { byteLevelTokenizer, type ByteLevelJson } from './byte-level-tokenizer.ts';
import {
  addedTokensOf,
  fieldAt,
  objectAt,
  preTokenizerTypes,
  refuseAs,
  shown,
  templateOf,
  vocabularyOf,
  type Refuse,
} from './check-tokenizer-json.ts';
import { createWordPiece } from './create-word-piece.ts';
import type { Tokenizer, TokenizerJson } from './tokenizer.ts';
import { parseVocabulary } from './word-piece-vocabulary.ts';

const named = (type: unknown) => (typeof type === 'string' ? printable(type, { maxLength: 40 }) : shown(type));

/** Of lists and objects; a few are needed. */
const MOST_LEVELS = 32;

type Fields = Record<string, unknown>;

function parse(json: string | TokenizerJson, refuse: Refuse): Fields {
  let content: unknown = json;
  if (typeof json === 'string')
    try {
      content = JSON.parse(json.replace(/^\ufeff/, ''));
    } catch (error) {
      return refuse(`is not valid JSON: ${printable(error instanceof Error ? error.message : String(error), { maxLength: 160 })}`, error);
    }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return refuse(`must be an object, got ${shown(content)}`);
  if (isNestedDeeper(content, MOST_LEVELS)) return refuse(`must not be nested more than ${MOST_LEVELS} levels deep`);
  return content as Fields;
}

/** The parts of a `tokenizer.json` that decide about its kind. */
interface Parts {
  readonly content: Fields;
  readonly model: Fields;
  readonly normalizer: Fields | undefined;
}

function bertTokenizer({ content, model, normalizer = {} }: Parts, refuse: Refuse): Tokenizer {
  const vocab = vocabularyOf(model.vocab, refuse);
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  const gap = tokens.findIndex((token) => token === undefined);
  if (gap >= 0) refuse(`must have ids without gaps, but no token of \`model.vocab\` has id ${gap}`);
  const inModel = { at: 'model', refuse };
  const prefix = fieldAt(model, 'continuing_subword_prefix', { ...inModel, type: 'string' }) ?? '##';
  const most = fieldAt(model, 'max_input_chars_per_word', { ...inModel, type: 'number' }) ?? 100;
  const unknown = fieldAt(model, 'unk_token', { ...inModel, type: 'string' }) ?? '[UNK]';
  if (!Number.isSafeInteger(most) || most < 1)
    refuse(`must have an integer >= 1 as \`model.max_input_chars_per_word\`, got ${shown(most)}`);
  if (!Object.hasOwn(vocab, unknown))
    refuse(`must have the unknown token ${shown(unknown)} in \`model.vocab\`, but none of its ${tokens.length} tokens is that`);
  const flag = (key: string) => fieldAt(normalizer, key, { type: 'boolean', at: 'normalizer', refuse });
  if (flag('clean_text') === false || flag('handle_chinese_chars') === false)
    refuse('must have `clean_text` and `handle_chinese_chars` true in its normalizer; nothing else is supported');
  const lowercase = flag('lowercase') ?? true;
  const added = addedTokensOf(content.added_tokens, vocab, refuse).sort((a, b) => a.id - b.id);
  const template = templateOf(objectAt(content, 'post_processor', refuse), refuse);
  const size = tokens.length + added.filter(({ id }) => id >= tokens.length).length;
  const outside = [...template.first, ...template.last, ...template.between, ...template.lastOfPair].find((id) => id >= size);
  if (outside !== undefined) refuse(`must have ids below ${size} in its \`post_processor\`, got ${outside}`);
  const { special } = parseVocabulary([...tokens, ...added.filter(({ id }) => id >= tokens.length).map((token) => token.content)], {
    unknown,
  });
  return createWordPiece(
    {
      tokens,
      added,
      unknown: special.unknown!,
      template,
      lowercase,
      stripAccents: flag('strip_accents') ?? lowercase,
      continuationPrefix: prefix,
      maxWordCharacters: most,
      tidy: objectAt(content, 'decoder', refuse)?.cleanup !== false,
    },
    special,
  );
}

/**
 * Makes a tokenizer of Hugging Face's `tokenizer.json`.
 *
 * @param json the content of the file, as text or parsed
 * @param options `name`: what messages call it; default `tokenizer.json`
 * @returns the tokenizer: WordPiece as BERT has it, or byte-level BPE as GPT-2 and RoBERTa have it
 * @throws SelfsupError `SELFSUP_DATA` when it is no such file, is damaged, or describes a tokenizer of another kind
 * @remarks Added tokens and what the file puts around texts are those of the file; truncation and padding are not applied, `maxLength` and data sets do that.
 * Byte-level BPE is done by `@huggingface/tokenizers`, which is loaded when the first such file is. Offsets are worked out here; so normalizers, which
 * would move them, are not supported there.
 * @example
 * ```ts
 * import { loadTokenizer, wordPieceTokenizer } from '@selfsup/data/text';
 * const json = wordPieceTokenizer(['[UNK]', 'sea']).toJson();
 * const tokenizer = await loadTokenizer(json);
 * console.log(tokenizer.encode('Sea').ids); // 1
 * ```
 */
export async function loadTokenizer(json: string | TokenizerJson, options: { name?: string } = {}): Promise<Tokenizer> {
  const { name = 'tokenizer.json' } = options;
  const refuse = refuseAs(name);
  const content = parse(json, refuse);
  const model = objectAt(content, 'model', refuse);
  if (model === undefined) return refuse('must have a `model`; is it a tokenizer_config.json?');
  const normalizer = objectAt(content, 'normalizer', refuse);
  const preTokenizer = preTokenizerTypes(objectAt(content, 'pre_tokenizer', refuse), refuse);
  const isWordPiece = model.type === 'WordPiece' || (model.type === undefined && 'max_input_chars_per_word' in model);
  const isBpe = model.type === 'BPE' || (model.type === undefined && Array.isArray(model.merges));
  if (isWordPiece && normalizer?.type === 'BertNormalizer' && preTokenizer.join() === 'BertPreTokenizer')
    return bertTokenizer({ content, model, normalizer }, refuse);
  if (isBpe && normalizer === undefined && preTokenizer.includes('ByteLevel')) {
    const vocab = vocabularyOf(model.vocab, refuse);
    const added = addedTokensOf(content.added_tokens, vocab, refuse);
    const unknown = fieldAt(model, 'unk_token', { at: 'model', refuse, type: 'string' });
    if (unknown !== undefined && !Object.hasOwn(vocab, unknown) && !added.some((token) => token.content === unknown))
      refuse(`must have the unknown token ${shown(unknown)} in \`model.vocab\` or \`added_tokens\``);
    return byteLevelTokenizer(content as unknown as ByteLevelJson).catch((error: unknown) =>
      error instanceof SelfsupError ? Promise.reject(error) : refuse('could not be read by @huggingface/tokenizers', error),
    );
  }
  return refuse(
    'must be WordPiece with BertNormalizer and BertPreTokenizer, or BPE with the pre-tokenizer ByteLevel and no normalizer, ' +
      `got model ${named(model.type)}, normalizer ${named(normalizer?.type ?? 'none')}, pre-tokenizer ${preTokenizer.map(named).join(' + ')}`,
  );
}

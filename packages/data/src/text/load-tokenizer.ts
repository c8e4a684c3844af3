import { SelfsupError } from '@selfsup/core';
import { byteLevelTokenizer, type ByteLevelJson } from './byte-level-tokenizer.ts';
import type { SpecialTokens, Tokenizer, TokenizerJson } from './tokenizer.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

interface Part {
  type?: string;
  pretokenizers?: Part[];
}
interface BertJson {
  normalizer: { clean_text?: boolean; handle_chinese_chars?: boolean; strip_accents?: boolean | null; lowercase?: boolean };
  model: { unk_token?: string; continuing_subword_prefix?: string; max_input_chars_per_word?: number; vocab: Record<string, number> };
}

const fail = (name: string, what: string, cause?: unknown): never => {
  throw new SelfsupError('SELFSUP_DATA', `loadTokenizer: ${name} ${what}`, cause === undefined ? undefined : { cause });
};

function parse(json: string | TokenizerJson, name: string): TokenizerJson {
  let content: unknown = json;
  if (typeof json === 'string')
    try {
      content = JSON.parse(json);
    } catch (error) {
      return fail(name, `is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return fail(name, 'must be an object');
  return content as TokenizerJson;
}

function checkVocabulary(vocab: unknown, name: string): asserts vocab is Record<string, number> {
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) fail(name, 'must have the vocabulary as `model.vocab`');
  const seen = new Set<number>();
  for (const [token, id] of Object.entries(vocab as Record<string, unknown>)) {
    if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) >= 2 ** 24 || seen.has(id as number))
      fail(name, `must give each token of \`model.vocab\` an id of its own from 0 on, got ${String(id)} for "${token}"`);
    seen.add(id as number);
  }
}

function bertTokenizer({ normalizer, model }: BertJson, name: string): Tokenizer {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const gap = tokens.findIndex((token) => token === undefined);
  if (gap >= 0) fail(name, `must have ids without gaps, but no token of \`model.vocab\` has id ${gap}`);
  if (normalizer.clean_text === false || normalizer.handle_chinese_chars === false)
    fail(name, 'must have `clean_text` and `handle_chinese_chars` true in its normalizer; nothing else is supported');
  const { lowercase = true, strip_accents: stripAccents } = normalizer;
  const specialTokens: Partial<Record<keyof SpecialTokens, string>> = model.unk_token === undefined ? {} : { unknown: model.unk_token };
  return wordPieceTokenizer(tokens, {
    lowercase,
    stripAccents: stripAccents ?? lowercase,
    specialTokens,
    ...(model.continuing_subword_prefix !== undefined && { continuationPrefix: model.continuing_subword_prefix }),
    ...(model.max_input_chars_per_word !== undefined && { maxWordCharacters: model.max_input_chars_per_word }),
  });
}

const typesOf = (part: Part | null | undefined): (string | undefined)[] =>
  part?.type === 'Sequence' ? (part.pretokenizers ?? []).flatMap(typesOf) : [part?.type];

/**
 * Makes a tokenizer of Hugging Face's `tokenizer.json`.
 *
 * @param json the content of the file, as text or parsed
 * @param options `name`: what messages call it; default `tokenizer.json`
 * @returns the tokenizer: WordPiece as BERT has it, or byte-level BPE as GPT-2 and RoBERTa have it
 * @throws SelfsupError `SELFSUP_DATA` when it is no such file, is damaged, or describes a tokenizer of another kind
 * @remarks Byte-level BPE is done by `@huggingface/tokenizers`, which is loaded when the first such file is. Offsets are worked out here; so normalizers, which
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
  const content = parse(json, name);
  const model = content.model as { type?: string; vocab?: unknown; merges?: unknown } | null | undefined;
  const normalizer = content.normalizer as Part | null | undefined;
  const preTokenizer = typesOf(content.pre_tokenizer as Part | null | undefined);
  if (typeof model !== 'object' || model === null) return fail(name, 'must have a `model`; is it a tokenizer_config.json?');
  const isWordPiece = model.type === 'WordPiece' || (model.type === undefined && 'max_input_chars_per_word' in model);
  const isBpe = model.type === 'BPE' || (model.type === undefined && Array.isArray(model.merges));
  if (isWordPiece && normalizer?.type === 'BertNormalizer' && preTokenizer[0] === 'BertPreTokenizer') {
    checkVocabulary(model.vocab, name);
    return bertTokenizer(content as unknown as BertJson, name);
  }
  if (isBpe && (normalizer ?? null) === null && preTokenizer.includes('ByteLevel')) {
    checkVocabulary(model.vocab, name);
    return byteLevelTokenizer(content as unknown as ByteLevelJson).catch((error: unknown) =>
      error instanceof SelfsupError ? Promise.reject(error) : fail(name, 'could not be read by @huggingface/tokenizers', error),
    );
  }
  return fail(
    name,
    'must be WordPiece with BertNormalizer and BertPreTokenizer, or BPE with the pre-tokenizer ByteLevel and no normalizer, ' +
      `got model ${String(model.type)}, normalizer ${String(normalizer?.type ?? 'none')}, pre-tokenizer ${preTokenizer.map((type) => type ?? 'none').join(' + ')}`,
  );
}

import { SelfsupError } from '@selfsup/core';

/** The ids of the tokens that mean something to a model; those that a vocabulary lacks are undefined. */
export interface SpecialTokens {
  /** `[PAD]`, `<pad>`: fills a sequence up. */
  readonly pad?: number;
  /** `[UNK]`, `<unk>`: stands for what the vocabulary cannot spell. */
  readonly unknown?: number;
  /** `[CLS]`, `<s>`: begins a sequence. */
  readonly classify?: number;
  /** `[SEP]`, `</s>`, `<|endoftext|>`: ends a text. */
  readonly separator?: number;
  /** `[MASK]`, `<mask>`: hides a token. */
  readonly mask?: number;
}

/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /** A second text, that goes behind the first one; default none. */
  pair?: string;
  /** Whether `[CLS]`, `[SEP]` and the like are put around the texts; default true. */
  addSpecialTokens?: boolean;
  /** At most how many tokens, special ones included: the end of the longer text is cut off; default as many as there are. */
  maxLength?: number;
}

/** What {@link Tokenizer.encode} gives, one entry per token. */
export interface Encoding {
  /** `[n]`: the ids. */
  readonly ids: Int32Array;
  /** `[2n]`: start and end of each token in its text, in UTF-16 units as `text.slice` counts; 0, 0 for the special tokens that were added. */
  readonly offsets: Int32Array;
  /** `[n]`: 0 for the first text, 1 for the second one, as the model's segments number them. */
  readonly segmentIds: Int32Array;
}

/** A content of `tokenizer.json`, Hugging Face's format for tokenizers. */
export type TokenizerJson = Readonly<Record<string, unknown>>;

/** Turns text into the ids of its tokens and back. */
export interface Tokenizer {
  /** `word-piece` or `byte-level-bpe`. */
  readonly kind: string;
  /** How many ids there are: every id is below. */
  readonly vocabularySize: number;
  /** The ids of the special tokens by what they are for. */
  readonly special: SpecialTokens;
  /** Every id that stands for no text, ascending. */
  readonly specialIds: readonly number[];
  /** Encodes a text, or two. @throws SelfsupError `SELFSUP_OPTION` when `maxLength` has no room for the special tokens */
  encode(text: string, options?: EncodeOptions): Encoding;
  /** Puts tokens together to a text. Special tokens are left out unless `skipSpecialTokens` is false. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  /** The token of an id; undefined where there is none. */
  tokenOf(id: number): string | undefined;
  /** The id of a token; undefined where there is none. */
  idOf(token: string): number | undefined;
  /** Whether a token goes on with the word before it, which whole-word masking needs to know. */
  isContinuation(id: number): boolean;
  /** The tokenizer as `tokenizer.json`, from which `loadTokenizer` makes the same one. */
  toJson(): TokenizerJson;
}

/**
 * The id of a special token that a model cannot do without.
 *
 * @param tokenizer whose
 * @param role which: `mask`, `pad` …
 * @returns the id
 * @throws SelfsupError `SELFSUP_DATA` when the vocabulary has no such token
 * @example
 * ```ts
 * import { specialTokenId, wordPieceTokenizer } from '@selfsup/data/text';
 * const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'paris']);
 * console.log(specialTokenId(tokenizer, 'mask')); // 4
 * ```
 */
export function specialTokenId(tokenizer: Pick<Tokenizer, 'special'>, role: keyof SpecialTokens): number {
  const id = tokenizer.special[role];
  if (id === undefined) {
    const usual = { pad: '[PAD]', unknown: '[UNK]', classify: '[CLS]', separator: '[SEP]', mask: '[MASK]' }[role];
    throw new SelfsupError(
      'SELFSUP_DATA',
      `specialTokenId: \`tokenizer\` must have a ${role} token such as ${usual}, but its vocabulary has none; add a line ${usual} to it`,
    );
  }
  return id;
}

import { printable, printableValue, SelfsupError } from '@selfsup/core';
import { countWords } from './count-words.ts';
import { mergePairs } from './merge-pairs.ts';

/** Options of {@link trainWordPiece}. */
export interface TrainWordPieceOptions {
  /**
   * What tokens are: `pieces` of words (default), by which every word can be spelled; or whole `words`, where all others are unknown. With little text and
   * without training on it, words say more.
   */
  units?: 'pieces' | 'words';
  /** How many tokens the vocabulary shall have at most, special ones and letters included; default 8,000, of words 30,000. */
  vocabularySize?: number;
  /** Pairs, or words, that occur less often are left out, ≥ 1; default 2. */
  minFrequency?: number;
  /** The first tokens; default `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`. */
  specialTokens?: readonly string[];
  /** At most how many different characters, the most frequent ones; words with others are unknown; default 1,000. */
  maxAlphabet?: number;
  /** Whether letters become small; default true. The tokenizer must be told the same. */
  lowercase?: boolean;
  /** Whether accents are taken off; default as `lowercase`. */
  stripAccents?: boolean;
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const PREFIX = '##';
const MAX_CHARACTERS = 100; // of a word, as the tokenizer has it
const byCodePoint = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!;

function check(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SelfsupError('SELFSUP_OPTION', `trainWordPiece: \`${name}\` must be an integer >= 1, got ${value}`);
}

/** The most frequent characters, in order of their code points. */
function alphabetOf(words: ReadonlyMap<string, number>, most: number): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
  return ranked.slice(0, most).map(([character]) => character).sort(byCodePoint); // prettier-ignore
}

/** The most frequent words, the first ones where that is the same. */
function wordsOf(words: ReadonlyMap<string, number>, { minFrequency, count }: { minFrequency: number; count: number }): string[] {
  const frequent = [...words].filter(([, times]) => times >= minFrequency);
  return frequent
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, count)
    .map(([word]) => word);
}

/**
 * Learns a WordPiece vocabulary from text: letters first, then the most frequent pair of neighboring pieces is joined, again and again.
 *
 * @param texts pieces of text, cut between words; read once, not kept
 * @param options see {@link TrainWordPieceOptions}
 * @returns the tokens by id, for `wordPieceTokenizer` and as the lines of a `vocab.txt`: the special ones, the characters that begin words by code point, those
 *   that go on with one, and the joined pieces, most frequent first; of whole words the special tokens and the words. Fewer than asked for when nothing is left.
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, or a size that the special tokens and the alphabet fill alone; `SELFSUP_DATA` on texts
 *   without a word
 * @see Sennrich et al.: "Neural Machine Translation of Rare Words with Subword Units", https://arxiv.org/abs/1508.07909
 * @remarks Hugging Face's trainer of WordPiece vocabularies joins by frequency as well; Schuster and Nakajima's, behind BERT's own vocabulary, by likelihood. The
 * same texts give the same vocabulary: of equally frequent pairs the one with the smaller ids is joined.
 * @example
 * ```ts
 * import { trainWordPiece, wordPieceTokenizer } from '@selfsup/data/text';
 * const vocabulary = await trainWordPiece(['low lower lowest', 'new newer newest'], { vocabularySize: 40 });
 * const tokenizer = wordPieceTokenizer(vocabulary);
 * ```
 */
export async function trainWordPiece(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainWordPieceOptions = {},
): Promise<string[]> {
  const { units = 'pieces', minFrequency = 2, specialTokens = SPECIAL, maxAlphabet = 1000, lowercase = true } = options;
  const { vocabularySize = units === 'words' ? 30_000 : 8000 } = options;
  if (units !== 'pieces' && units !== 'words')
    throw new SelfsupError('SELFSUP_OPTION', `trainWordPiece: \`units\` must be pieces or words, got ${printableValue(units)}`);
  check('vocabularySize', vocabularySize);
  check('minFrequency', minFrequency);
  check('maxAlphabet', maxAlphabet);
  if (new Set(specialTokens).size !== specialTokens.length || specialTokens.includes(''))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `trainWordPiece: \`specialTokens\` must differ, got ${printable(specialTokens.join(', '), { maxLength: 200 })}`,
    );
  const counted = await countWords(texts, { lowercase, stripAccents: options.stripAccents ?? lowercase, maxCharacters: MAX_CHARACTERS });
  if (counted.size === 0)
    throw new SelfsupError('SELFSUP_DATA', 'trainWordPiece: `texts` must have at least one word, got none; check the files');
  if (units === 'words') {
    const own = new Set(specialTokens);
    const words = new Map([...counted].filter(([word]) => !own.has(word)));
    return [...specialTokens, ...wordsOf(words, { minFrequency, count: Math.max(0, vocabularySize - specialTokens.length) })];
  }

  const alphabet = new Set(alphabetOf(counted, maxAlphabet));
  const spelled = [...counted].map(([word, count]) => ({ characters: Array.from(word), count }));
  const usable = spelled.filter(({ characters }) => characters.every((character) => alphabet.has(character)));
  const starting = new Set(usable.map(({ characters }) => characters[0]!));
  const following = new Set(usable.flatMap(({ characters }) => characters.slice(1)));
  const pick = (used: Set<string>) => [...used].sort(byCodePoint);
  const tokens = [...new Set([...specialTokens, ...pick(starting), ...pick(following).map((character) => PREFIX + character)])];
  if (tokens.length > vocabularySize)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `trainWordPiece: \`vocabularySize\` must be at least ${tokens.length}, for ${specialTokens.length} special tokens and ` +
        `${tokens.length - specialTokens.length} characters, got ${vocabularySize}; raise it or lower \`maxAlphabet\``,
    );

  const idByToken = new Map(tokens.map((token, id) => [token, id]));
  const words = usable.map(({ characters }) => characters.map((c, i) => idByToken.get(i === 0 ? c : PREFIX + c)!));
  mergePairs({ words, counts: usable.map(({ count }) => count) }, ({ left, right, count }) => {
    if (count < minFrequency || tokens.length >= vocabularySize) return undefined;
    const token = tokens[left]! + tokens[right]!.slice(PREFIX.length);
    const known = idByToken.get(token);
    if (known !== undefined) return known;
    idByToken.set(token, tokens.length);
    return tokens.push(token) - 1;
  });
  return tokens;
}

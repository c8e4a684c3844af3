import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import type { DatasetOptions, Skipped } from '../modality.ts';
import type { TextOptions } from './text-options.ts';

/** What a `DatasetOpener` of the modality `text` gives to learn from: `options.as` is `sequences`. */
export interface OpenedSequences {
  /** Sequences of `options.length` tokens to learn from. */
  readonly train: TokenDataset;
  /** Sequences to judge by. */
  readonly test?: TokenDataset;
  /** Where `test` comes from; default `held out`. */
  readonly testFrom?: 'own part' | 'held out';
  /** What made the ids: that of `options.tokenizer` where it is one, or one that was opened or learned. */
  readonly tokenizer: Tokenizer;
  /** `[train.length]`, `[test.length]`: the texts, where each is one sequence. */
  readonly texts?: { readonly train: readonly string[]; readonly test?: readonly string[] };
  /** What must be the same when the run is resumed, beside the number of sequences, such as the rule of documents; default nothing. */
  readonly fingerprint?: Readonly<Record<string, string | number>>;
  /** What could not be used; default nothing. */
  skipped?(): readonly Skipped[];
  /** Further facts for the record, such as the number of documents. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** Texts, each on its own. */
export interface TextRows {
  /** The texts, one a row. */
  readonly texts: readonly string[];
  /** `[texts.length]`: the class of each, where it is known. */
  readonly labels?: ArrayLike<number>;
  /** `[texts.length]`: where each comes from, such as the path of its file; default nothing is known. */
  readonly ids?: readonly string[];
}

/** What a `DatasetOpener` of the modality `text` gives to encode or to classify: `options.as` is `texts`. */
export interface OpenedTexts extends TextRows {
  /** As messages call them. */
  readonly name: string;
  /** The names of the classes, by label. */
  readonly classNames?: readonly string[];
  /** Texts to judge by, where the data has a part for it. */
  readonly test?: TextRows;
  /** What could not be used; default nothing. */
  skipped?(): readonly Skipped[];
}

/** What the modality `text` tells its openers in `options`, beside its own options. */
export interface TextOpening extends Omit<TextOptions, 'tokenizer'> {
  /** Sequences to learn from, see {@link OpenedSequences}; or texts, each on its own, see {@link OpenedTexts}. */
  readonly as: 'sequences' | 'texts';
  /** A path; or the tokenizer of the run, which is used as it is. */
  readonly tokenizer?: string | Tokenizer | undefined;
  /** The tokenizer of the encoder that the run starts from: another one must be the same, perhaps with tokens added. */
  readonly before?: Tokenizer | undefined;
  /** The share of the documents to hold out, in [0, 1). */
  readonly testFraction: number;
  /** Whether the vocabulary must have a token such as [MASK]. */
  readonly hidesTokens: boolean;
  /** How many tokens of the vocabulary must be free to stand for what is taken out of a text; 0 for most tasks. */
  readonly sentinels: number;
  /** Of texts: the rule of documents that the run was told; `documents` is that which was given for these texts. */
  readonly learnedFrom?: TextOptions['documents'];
  /** The classes and their order, those of the texts that a classifier learned from; default as the data has them. */
  readonly classNames?: readonly string[] | undefined;
}

/** The options of a `DatasetOpener` of text with their type. */
export const openingOf = ({ options }: DatasetOptions): TextOpening => options as unknown as TextOpening;

/** Says that a vocabulary is learned since none was given. */
export const learningVocabulary = ({ vocabulary, vocabularySize }: Pick<TextOpening, 'vocabulary' | 'vocabularySize'>): string =>
  vocabulary === 'words'
    ? `No \`tokenizer\` given: learning a vocabulary of the ${(vocabularySize ?? 30_000).toLocaleString('en-US')} most frequent words of the text, or all`
    : `No \`tokenizer\` given: learning a WordPiece vocabulary of ${vocabularySize ?? 8000} from the text`;

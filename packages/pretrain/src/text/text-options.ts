import { z } from 'zod';

/** The options of text. */
export const textOptions = z.strictObject({
  tokenizer: z
    .string()
    .min(1)
    .optional()
    .describe('a vocab.txt or tokenizer.json, or a folder with one; default a WordPiece vocabulary is learned from the text'),
  /** Entries of the learned vocabulary. */
  vocabularySize: z
    .int()
    .min(100)
    .optional()
    .describe('entries of the vocabulary that is learned where no tokenizer is given; default 8000, of words 30000'),
  /** What the entries of the learned vocabulary are. */
  vocabulary: z
    .enum(['pieces', 'words'])
    .default('pieces')
    .describe(
      'what the learned vocabulary holds: pieces of words, or whole words, which say more about little text; other words are unknown then',
    ),
  /** Tokens of a sequence. */
  length: z.int().min(4).default(128).describe('tokens of a sequence, special ones included'),
  /** What separates documents. */
  documents: z
    .enum(['file', 'line', 'blank-line', 'chapter'])
    .optional()
    .describe('what separates documents of files; default each file is one, or something finer where files are too few to hold any out'),
  /** What becomes of bytes that are not valid UTF-8. */
  invalidUtf8: z.enum(['error', 'replace']).default('error').describe('what becomes of bytes that are not valid UTF-8'),
  /** Whether sequences are pairs of sentences. */
  nextSentence: z
    .boolean()
    .default(false)
    .describe('whether sequences are pairs of sentences, and masked-language also learns to tell whether the second follows the first'),
  /** The column of the text in a table. */
  textColumn: z
    .string()
    .min(1)
    .optional()
    .describe('tables: the column of the text, by name or number from 0; several, with commas, are joined'),
  /** The column of the label in a table. */
  labelColumn: z.string().min(1).optional().describe('tables: the column of the label, by name or number from 0'),
  /** Whether the first line of a table has the names of the columns. */
  header: z.boolean().optional().describe('tables: whether the first line has the names of the columns; default where it looks so'),
  /** What the features of a text are. */
  pooling: z
    .enum(['mean', 'first'])
    .default('mean')
    .describe("the features of a text: the mean of its tokens' states, or the state of the first token, [CLS]"),
});

/** Options of the modality `text`. */
export type TextOptions = z.output<typeof textOptions>;

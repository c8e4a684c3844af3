import { stat } from 'node:fs/promises';
import { countOf, isSelfsupError } from '@selfsup/core';
import { openLabeledText, type LabeledText, type OpenLabeledTextOptions } from '@selfsup/data/node';
import type { Skipped } from '../../modality.ts';
import type { Tokenizer } from '@selfsup/data/text';
import type { Progress } from '../../progress.ts';
import { documentSequences } from '../../text/document-sequences.ts';
import { holdOut } from '../../text/memory-texts.ts';
import type { OpenedSequences } from '../../text/opened-text.ts';

/** A larger table is read in pieces, without its labels. */
const MOST_BYTES = 2 ** 26;

const TABLE = /\.(tsv|csv|jsonl|ndjson|parquet)$/i;

/**
 * Opens a table whose rows have labels, so that a run on its texts can be measured by them.
 *
 * @param path of the table
 * @param options `columns`: where text and label are, and `progress`, told why the labels of `labelColumn` are not used
 * @returns undefined where the path is not a table of at most 64 MiB with a text and one of a few classes in each row
 */
export async function openLabeledTable(
  path: string,
  { columns, progress }: { columns: OpenLabeledTextOptions; progress: Progress },
): Promise<LabeledText | undefined> {
  const info = TABLE.test(path) ? await stat(path).catch(() => undefined) : undefined;
  if (!info?.isFile() || info.size > MOST_BYTES) return undefined;
  try {
    const table = await openLabeledText(path, columns);
    if (2 * table.classNames.length <= table.texts.length) return table; // else they are names or numbers of the rows
    if (columns.labelColumn !== undefined)
      progress.warn(
        `the labels are not used: ${countOf(table.classNames.length, 'classes')} of ${countOf(table.texts.length, 'rows')} are too many to measure by`,
      );
  } catch (error) {
    if (!isSelfsupError(error)) throw error; // whatever ails the texts is told where they are read
    if (columns.labelColumn !== undefined) progress.warn(`the labels are not used: ${error.message}`);
  }
  return undefined;
}

/** Texts with labels, rows of a table or files. */
export interface LabeledDocuments extends LabeledText {
  /** Texts to judge by, with the same classes; default some of the others. */
  readonly test?: Pick<LabeledText, 'texts' | 'labels'>;
  /** The files to learn from; default the table. */
  readonly paths?: readonly string[];
  /** What could not be used; default nothing. */
  readonly skipped?: () => readonly Skipped[];
}

/** Texts with labels as sequences: each has the label of its text. Whole texts are held out, chosen by the seed, unless there is a part to judge by. */
export function labeledSequences(
  { name, texts, labels, classNames, test: own, paths, skipped }: LabeledDocuments,
  { tokenizer, length, seed, testFraction }: { tokenizer: Tokenizer; length: number; seed: number; testFraction: number },
): OpenedSequences {
  const cut = (part: Pick<LabeledText, 'texts' | 'labels'>) => {
    const { dataset, documentOf, ...counts } = documentSequences(part.texts, { tokenizer, length, name });
    return { dataset: { ...dataset, labels: documentOf.map((at) => part.labels[at]!), classNames }, ...counts };
  };
  const pick = (rows: Int32Array) => ({ texts: Array.from(rows, (row) => texts[row]!), labels: rows.map((row) => labels[row]!) });
  const [kept, held] = own ? [undefined, []] : holdOut(texts.length, { seed, testFraction });
  const train = cut(kept ? pick(kept) : { texts, labels });
  const test = own ? cut(own) : held.length > 0 ? cut(pick(Int32Array.from(held))) : undefined;
  return {
    train: train.dataset,
    ...(test && { test: test.dataset, testFrom: own ? 'own part' : 'held out' }),
    tokenizer,
    ...(skipped && { skipped }),
    fingerprint: { documentRule: paths ? 'labeled file' : 'labeled row' },
    facts: {
      files: paths ? texts.length + (own?.texts.length ?? 0) : 1,
      documents: texts.length + (own?.texts.length ?? 0),
      tokens: train.tokens + (test?.tokens ?? 0),
      unknownTokens: train.unknownTokens + (test?.unknownTokens ?? 0),
    },
  };
}

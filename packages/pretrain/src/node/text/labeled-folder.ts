import { isSelfsupError } from '@selfsup/core';
import { openTextFiles } from '@selfsup/data/node';
import type { TextOpening } from '../../text/opened-text.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import type { LabeledDocuments } from './labeled-table.ts';

/** Of more text no labels are read: it is opened in pieces. */
const MOST_BYTES = 2 ** 26;

/**
 * Opens text files in folders of classes, so that a run on them can be measured by these.
 *
 * @param data files, folders or a pattern
 * @param opening whose `documents` must be files, of which enough can be held out
 * @returns undefined where folders do not name classes of at most 64 MiB of text
 */
export async function openLabeledFolder(
  data: string,
  { documents = 'file', testFraction }: TextOpening,
): Promise<LabeledDocuments | undefined> {
  if (documents !== 'file') return undefined;
  const found = await openTextFiles(data, { maxBytes: MOST_BYTES }).catch((error: unknown) => {
    if (isSelfsupError(error)) return undefined; // whatever ails the texts is told where they are read
    throw error;
  });
  if (!found) return undefined;
  const { name, texts, labels, classNames, paths, test, unused } = found;
  if (!labels || !classNames || paths.some((path) => TABLE.test(path))) return undefined;
  if (!test && testFraction > 0 && texts.length * testFraction < 0.5) return undefined; // too few: something finer than files is held out
  return {
    ...{ name, texts: [...texts], labels, classNames, paths },
    ...(test?.labels && { test: { texts: [...test.texts], labels: test.labels } }),
    skipped: () => unusedAsSkipped(unused),
  };
}

const TABLE = /\.(tsv|csv|jsonl|ndjson|parquet)$/i;

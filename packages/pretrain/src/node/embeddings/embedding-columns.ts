import { describeSample, type EmbeddedSample, type SamplesPart } from '../../embed-samples.ts';

/** What can stand before the numbers, in order. */
const COLUMNS = ['file', 'text', 'label', 'split', 'index'] as const;

/** What a column of a table of embeddings says of a sample. */
export type EmbeddingColumn = (typeof COLUMNS)[number];

/** The columns of a table of embeddings: those that one of the first rows has. Internal. */
export const embeddingColumns = (items: readonly EmbeddedSample[]): readonly EmbeddingColumn[] =>
  COLUMNS.filter((name) => items.some((item) => item[name] !== undefined));

/**
 * The columns that a table of the embeddings of samples has, whichever of them are embedded first.
 *
 * @param part the samples
 * @returns a column for each thing that is known of one of them
 */
export function columnsOfSamples(part: SamplesPart): readonly EmbeddingColumn[] {
  const { labels, length } = part.samples;
  const labeled = labels?.findIndex((label) => label >= 0) ?? -1;
  return embeddingColumns(length === 0 ? [] : [0, ...(labeled > 0 ? [labeled] : [])].map((index) => describeSample(part, index)));
}

/** The columns whose names stand in a text, with commas between them. Internal. */
export const columnsNamed = (text: string): readonly EmbeddingColumn[] => COLUMNS.filter((name) => text.split(',').includes(name));

import type { EmbeddedSample } from '../../embed-samples.ts';

/** What can stand before the numbers, in order. */
const COLUMNS = ['file', 'text', 'label', 'split', 'index'] as const;

/** The columns of a table of embeddings: those that one of the first rows has. Internal. */
export const embeddingColumns = (items: readonly EmbeddedSample[]): readonly (typeof COLUMNS)[number][] =>
  COLUMNS.filter((name) => items.some((item) => item[name] !== undefined));

import type { EmbeddedRows } from '../../embed-samples.ts';
import type { EmbeddingColumn } from './embedding-columns.ts';

/** Embeddings that are written batch by batch, and appear when they are whole. */
export interface EmbeddingsFile {
  /** Adds rows. */
  write(rows: EmbeddedRows): Promise<void>;
  /** Adds the rows of a file that is kept, of the same format, with as many numbers in a row; piece by piece, so that a file of any size fits into memory. */
  append(path: string): Promise<void>;
  /** Gives the files their names. */
  keep(): Promise<void>;
  /** Removes what was written; nothing happens to what is kept. */
  drop(): Promise<void>;
}

/** What the files are made of. */
export interface EmbeddingsFileOptions {
  /** Numbers in a row. */
  readonly dim: number;
  /** The columns of a table before the numbers; default those of the rows that are written first. */
  readonly columns?: readonly EmbeddingColumn[] | undefined;
}

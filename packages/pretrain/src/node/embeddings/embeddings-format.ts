import type { EmbeddedRows } from '../../embed-samples.ts';

/** Embeddings that are written batch by batch, and appear when they are whole. */
export interface EmbeddingsFile {
  /** Adds rows. */
  write(rows: EmbeddedRows): Promise<void>;
  /** Gives the files their names. */
  keep(): Promise<void>;
  /** Removes what was written; nothing happens to what is kept. */
  drop(): Promise<void>;
}

/** What the files are made of: columns that every row has are those of the first. */
export interface EmbeddingsFileOptions {
  /** Numbers in a row. */
  readonly dim: number;
}

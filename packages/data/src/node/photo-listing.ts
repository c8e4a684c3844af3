import type { UnusedFiles } from './unused-files.ts';

/** A photo that was found. */
export interface PhotoFile {
  /** Where it is. */
  readonly path: string;
  /** Its class; undefined in a folder without class sub-folders. */
  readonly label: number | undefined;
  /** Reads it where it is no file of its own; default the file at `path`. */
  readonly read?: (() => Promise<Uint8Array>) | undefined;
  /** How many bytes it has, where it is no file of its own and that is known. */
  readonly size?: number | undefined;
}

/** Classes that are written down rather than named by folders. */
export interface WrittenLabels {
  /** The class of each path that has one. */
  readonly of: ReadonlyMap<string, string | number>;
  /** The names of the classes in their order; default those that there are, sorted. */
  readonly classNames?: readonly string[] | undefined;
  /** Where they are written, for messages: `labels.csv`. */
  readonly from: string;
}

/** What a folder holds, before it is known what is a part or a class. */
export interface Listing<F extends PhotoFile = PhotoFile> {
  readonly folder: string;
  /** Relative to the folder, with `/`, in order. */
  readonly paths: readonly string[];
  /** One of them with its class. */
  readonly fileOf: (path: string, label: number | undefined) => F;
  readonly unused: UnusedFiles;
  /** What the files are, for messages; default `images`. */
  readonly unit?: 'images' | 'videos' | 'texts';
  /** Classes by path; default those that folders name. */
  readonly labels?: WrittenLabels | undefined;
}

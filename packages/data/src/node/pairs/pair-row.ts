import type { PhotoFile } from '../photo-listing.ts';

/** An image with its text, as it was listed; nothing is decoded. */
export interface PairRow {
  /** The image. */
  readonly file: Omit<PhotoFile, 'label'>;
  /** What the text says. */
  readonly caption: string;
  /** The class of the image in words; empty where none is known. */
  readonly label: string;
  /** Which part of the data it is in, where the data says so. */
  readonly part?: 'train' | 'test' | undefined;
}

/** Usual names of a column of texts about images, in the order in which they are looked for. */
export const CAPTION_NAMES = ['caption', 'captions', 'text', 'sentence', 'description', 'title', 'prompt', 'alt', 'alt_text'];
/** Usual names of a column of images. */
export const IMAGE_NAMES = ['image', 'image_path', 'image_file', 'file', 'filename', 'file_name', 'filepath', 'path', 'photo', 'picture', 'img']; // prettier-ignore

/** The part that a name stands for: `train`, `val`, `test-00001` and such. */
export function partOf(name: string): PairRow['part'] {
  const word = /^[a-z]+/i.exec(name.trim())?.[0].toLowerCase();
  if (word === 'train' || word === 'training') return 'train';
  return word !== undefined && ['test', 'val', 'valid', 'validation', 'dev', 'eval'].includes(word) ? 'test' : undefined;
}

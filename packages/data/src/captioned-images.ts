import type { ImageDataset } from './image-dataset.ts';

/** Images, each with a text that says what is on it. */
export interface CaptionedImages extends ImageDataset {
  /** `[length]`: the text of each image. */
  readonly captions: readonly string[];
}

/** Samples that can be encoded, by index: images, videos' stills, texts, windows of a recording. */
export interface Samples {
  /** What they are called in logs. */
  readonly name: string;
  /** How many. */
  readonly length: number;
  /** `[length]`: the class of each, where it is known. */
  readonly labels?: Int32Array;
  /** The names of the classes, by label. */
  readonly classNames?: readonly string[];
  /** `[length]`: where each comes from, such as the path of a photo. */
  readonly ids?: readonly string[];
}

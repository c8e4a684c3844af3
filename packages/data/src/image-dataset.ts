/** Rows of decoded images, as {@link ImageDataset.read} gives them: bytes, so that a batch is small and crosses threads cheaply. */
export interface ImagePixels {
  /** `[n, height, width, channels]` row-major, 0 … 255. */
  readonly pixels: Uint8Array;
  /** `[n, height, width, channels]`. */
  readonly shape: readonly [number, number, number, number];
  /** `[n]`: which images these rows are. Fewer than were asked for when some could not be decoded. */
  readonly indices: Int32Array;
}

/**
 * A set of images of one size that can be read by index, in any order, any number of times.
 *
 * @remarks Reading gives bytes and is asynchronous, because files are decoded on demand; {@link toImages} makes a tensor of them.
 */
export interface ImageDataset {
  /** What it is called in logs, e.g. `shapes` or `fashion-mnist`. */
  readonly name: string;
  /** How many images. */
  readonly length: number;
  /** Rows of pixels in an image. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** 1 (gray), 3 (RGB), 4 (RGB with alpha), or those of a camera. */
  readonly channels: number;
  /** `[length]`: the class of each image, where it is known. */
  readonly labels?: Int32Array;
  /** The names of the classes, by label, where they are known. */
  readonly classNames?: readonly string[];
  /**
   * Reads images.
   *
   * @param indices which images, each in 0 … length − 1; repeats are allowed
   * @returns their pixels in the order asked for, without those that could not be decoded
   */
  read(indices: ArrayLike<number>): Promise<ImagePixels>;
}

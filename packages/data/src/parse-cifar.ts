import { printable, SelfsupError } from '@selfsup/core';
import type { BytesOptions } from './gunzip.ts';
import { describeContent } from './picture-kind.ts';

/** What a CIFAR-10 binary file holds, in our layout. */
export interface CifarImages {
  /** `[n, 32, 32, 3]` row-major RGB. */
  readonly pixels: Uint8Array;
  /** `[n, 32, 32, 3]`. */
  readonly shape: readonly [number, number, number, number];
  /** `[n]`: 0 … 9. */
  readonly labels: Int32Array;
}

const PLANE = 32 * 32;
const RECORD = 1 + 3 * PLANE;

/** Whether a file of so many bytes can be one. */
export const isCifarSize = (bytes: number): boolean => bytes > 0 && bytes % RECORD === 0;

/**
 * Reads the binary version of CIFAR-10: records of a label byte and the red, green and blue planes of a 32×32 image.
 *
 * @param bytes a whole file, n × 3073 bytes
 * @param options `name` for messages; `size`: the bytes of the whole file, where `bytes` is only its start
 * @returns interleaved pixels and labels, ready for {@link arrayImages}
 * @throws SelfsupError `SELFSUP_DATA` when the size is no multiple of 3073 or a label is above 9
 * @see Krizhevsky, "Learning multiple layers of features from tiny images", 2009
 * @example
 * ```ts
 * import { arrayImages, parseCifar } from '@selfsup/data';
 * const { pixels, shape, labels } = parseCifar(new Uint8Array(3073));
 * console.log(arrayImages(pixels, shape, { labels }).length); // 1
 * ```
 */
export function parseCifar(bytes: Uint8Array, options: BytesOptions & { size?: number } = {}): CifarImages {
  const { name = 'the data', size = bytes.length } = options;
  if (!isCifarSize(size)) {
    const content = describeContent(bytes);
    throw new SelfsupError(
      'SELFSUP_DATA',
      `parseCifar: ${printable(name)} is not a CIFAR-10 binary file: expected a positive multiple of ${RECORD} bytes, got ${size}; ` +
        (content.startsWith('of a') ? 'it is of another format, or cut short' : `it is ${content}`),
    );
  }
  const n = bytes.length / RECORD;
  const labels = new Int32Array(n);
  const pixels = new Uint8Array(n * 3 * PLANE);
  for (let i = 0, out = 0; i < n; i++) {
    const start = i * RECORD;
    const label = bytes[start]!;
    if (label > 9)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `parseCifar: ${printable(name)} is not a CIFAR-10 binary file: the label of record ${i} must be 0 to 9, got ${label}`,
      );
    labels[i] = label;
    for (let at = start + 1; at <= start + PLANE; at++) {
      pixels[out++] = bytes[at]!;
      pixels[out++] = bytes[at + PLANE]!;
      pixels[out++] = bytes[at + 2 * PLANE]!;
    }
  }
  return { pixels, shape: [n, 32, 32, 3], labels };
}

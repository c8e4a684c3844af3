/**
 * Converts offsets in UTF-16 units to offsets in code points, which is what Python and Hugging Face's tokenizers count in.
 *
 * @param text the text
 * @param offsets positions in it, each from 0 to `text.length`, in any order
 * @returns as many positions, in code points
 * @example
 * ```ts
 * import { codePointOffsets } from '@selfsup/data/text';
 * console.log(codePointOffsets('😀 ok', [3, 5])); // 2, 4
 * ```
 */
export function codePointOffsets(text: string, offsets: ArrayLike<number>): Int32Array {
  const points = new Int32Array(text.length + 1);
  for (let i = 0, n = 0; i < text.length; n++) {
    const width = text.codePointAt(i)! > 0xffff ? 2 : 1;
    points.fill(n, i, i + width);
    i += width;
    points[i] = n + 1;
  }
  return Int32Array.from(offsets, (offset) => points[offset]!);
}

import type { Samples } from '../samples.ts';
import { sha256 } from '../sha256.ts';
import { rowsByPart, type EmbeddedSet } from './embedded-set.ts';

/** Images that are read at once. */
const BATCH = 256;

/** Samples that give pixels by index, such as images. */
interface Readable {
  read(indices: ArrayLike<number>): Promise<{ readonly pixels: Uint8Array; readonly indices: Int32Array }>;
}

const isReadable = (samples: Samples): samples is Samples & Readable => typeof (samples as Partial<Readable>).read === 'function';

/**
 * What is the same for samples that are exactly the same: the hash of the file, the text, or the hash of the pixels.
 *
 * @param set from `embedSet`
 * @param options `readFile` gives the bytes of a file by the name of the sample, so that files are compared rather than pixels
 * @returns `[rows]`: a key for each, undefined where there is nothing to compare
 */
export async function contentKeys(
  set: EmbeddedSet,
  options: { readFile?: ((path: string) => Promise<Uint8Array>) | undefined } = {},
): Promise<(string | undefined)[]> {
  const { readFile } = options;
  const keys = new Array<string | undefined>(set.items.length);
  for (const { part, places } of rowsByPart(set, [...set.items.keys()])) {
    const { samples } = part;
    for (let first = 0; first < places.length; first += BATCH) {
      const rows = places.slice(first, first + BATCH);
      const [{ text, file }] = [set.items[rows[0]!]!];
      if (text !== undefined) for (const row of rows) keys[row] = set.items[row]!.text;
      else if (file !== undefined && readFile) for (const row of rows) keys[row] = await sha256(await readFile(set.items[row]!.file!));
      else if (isReadable(samples)) {
        const { pixels, indices } = await samples.read(rows.map((row) => set.items[row]!.index));
        const size = pixels.length / indices.length;
        let at = 0;
        for (const row of rows) if (indices[at] === set.items[row]!.index) keys[row] = await sha256(pixels.slice(at * size, ++at * size));
      }
    }
  }
  return keys;
}

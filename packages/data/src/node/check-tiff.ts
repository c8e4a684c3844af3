const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]; // by the number of the type
const [STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES] = [273, 279, 324, 325];

/**
 * Looks whether the first picture of a TIFF file is there to its end: its directory, what the directory points to, and its strips or tiles. Decoders do not: a file
 * that is cut before its JPEG tables decodes to black.
 *
 * @param bytes the whole file
 * @returns what is missing; undefined when nothing is
 * @see TIFF revision 6.0, section 2, and the BigTIFF proposal of libtiff
 */
export function missingInTiff(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const size = bytes.length;
  const big = size >= 16 && view.getUint16(2, little) === 43;
  const word = (at: number) => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const cut = 'the file is cut short: ';
  if (size < (big ? 16 : 8)) return `${cut}it ends within its header`;
  const [countBytes, wordBytes] = big ? [8, 8] : [2, 4];
  const entryBytes = 4 + 2 * wordBytes;
  const start = word(big ? 8 : 4);
  if (start < 8 || start + countBytes > size) return `${cut}its directory should be at byte ${start}, and it has ${size} bytes`;
  const entries = big ? word(start) : view.getUint16(start, little);
  if (entries > 4096 || start + countBytes + entries * entryBytes > size) return `${cut}it ends within its directory`;

  const tables = new Map<number, { type: number; count: number; at: number }>();
  for (let i = 0; i < entries; i++) {
    const entry = start + countBytes + i * entryBytes;
    const tag = view.getUint16(entry, little);
    const type = view.getUint16(entry + 2, little);
    const count = word(entry + 4);
    const length = (TYPE_BYTES[type] ?? 0) * count;
    const at = length <= wordBytes ? entry + 4 + wordBytes : word(entry + 4 + wordBytes);
    if (at + length > size) return `${cut}tag ${tag} should end at byte ${at + length}, and it has ${size} bytes`;
    tables.set(tag, { type, count, at });
  }
  const valueOf = ({ type, at }: { type: number; at: number }, i: number) =>
    type === 3
      ? view.getUint16(at + 2 * i, little)
      : type === 16
        ? Number(view.getBigUint64(at + 8 * i, little))
        : view.getUint32(at + 4 * i, little);
  for (const [offsetTag, lengthTag] of [
    [STRIP_OFFSETS, STRIP_BYTES],
    [TILE_OFFSETS, TILE_BYTES],
  ] as const) {
    const [offsets, lengths] = [tables.get(offsetTag), tables.get(lengthTag)];
    if (![3, 4, 16].includes(offsets?.type ?? 0) || ![3, 4, 16].includes(lengths?.type ?? 0)) continue;
    for (let i = 0; i < Math.min(offsets!.count, lengths!.count); i++) {
      const end = valueOf(offsets!, i) + valueOf(lengths!, i);
      if (end > size) return `${cut}its pixels should end at byte ${end}, and it has ${size} bytes`;
    }
  }
  return undefined;
}

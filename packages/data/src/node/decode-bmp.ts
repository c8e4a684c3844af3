/**
 * The size of a BMP picture, by its header.
 *
 * @throws Error when it has none that is known
 */
export function sizeOfBmp(bytes: Uint8Array): { width: number; height: number; channels: number; depth: 'uchar' } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 54 || view.getUint32(14, true) < 40)
    throw new Error('it is a BMP picture of OS/2, which is not decoded; convert it to PNG');
  const width = view.getInt32(18, true);
  const height = Math.abs(view.getInt32(22, true)); // negative where the first row comes first
  if (width < 1 || height < 1) throw new Error(`it has ${width} x ${height} pixels`);
  return { width, height, channels: 3, depth: 'uchar' };
}

/** Makes bytes of the bits of a mask. */
function byMask(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) / most) * 255);
}

/**
 * Decodes a BMP picture of 1, 4, 8, 16, 24 or 32 bits without compression, which sharp does not. Alpha is not used: most programs leave it empty.
 *
 * @param bytes the whole file
 * @returns `[height, width, 3]` RGB
 * @throws Error when it is cut short, compressed, or of another kind
 * @see Microsoft, Bitmap Storage: BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER
 */
export function decodeBmp(bytes: Uint8Array): Uint8Array {
  const { width, height } = sizeOfBmp(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, header, bits, compression] = [
    view.getUint32(10, true),
    view.getUint32(14, true),
    view.getUint16(28, true),
    view.getUint32(30, true),
  ];
  if (![1, 4, 8, 16, 24, 32].includes(bits))
    throw new Error(`it is a BMP picture of ${bits} bits, and those of 1, 4, 8, 16, 24 and 32 are decoded`);
  const hasMasks = (compression === 3 || compression === 6) && bits >= 16;
  if (compression !== 0 && !hasMasks) throw new Error('it is a compressed BMP picture, which is not decoded; convert it to PNG');
  const rowBytes = Math.ceil((bits * width) / 32) * 4;
  if (start < 14 + header || start + rowBytes * height > bytes.length)
    throw new Error(`it is cut short: its pixels end at byte ${start + rowBytes * height}, and it has ${bytes.length}`);
  const pixels = new Uint8Array(width * height * 3);
  const isTopDown = view.getInt32(22, true) < 0;
  const maskAt = (i: number) => view.getUint32(54 + 4 * i, true);
  const masks = hasMasks ? [maskAt(0), maskAt(1), maskAt(2)] : bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];
  const parts = masks.map(byMask);
  const palette = bits > 8 ? 0 : Math.min(view.getUint32(46, true) || 1 << bits, 1 << bits, Math.floor((start - 14 - header) / 4));
  for (let y = 0; y < height; y++) {
    const row = start + rowBytes * (isTopDown ? y : height - 1 - y);
    for (let x = 0, to = y * width * 3; x < width; x++, to += 3) {
      if (bits <= 8) {
        const byte = bytes[row + ((x * bits) >> 3)]!;
        const index = (byte >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1);
        if (index >= palette) throw new Error(`its pixel at ${x}, ${y} has the color ${index}, and there are ${palette}`);
        const color = 14 + header + 4 * index; // blue, green, red
        for (let c = 0; c < 3; c++) pixels[to + c] = bytes[color + 2 - c]!;
      } else if (bits === 24) for (let c = 0; c < 3; c++) pixels[to + c] = bytes[row + 3 * x + 2 - c]!;
      else {
        const pixel = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
        for (let c = 0; c < 3; c++) pixels[to + c] = parts[c]!(pixel);
      }
    }
  }
  return pixels;
}

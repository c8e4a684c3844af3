const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** A CRC-32 of what is added piece by piece. */
export interface Crc32 {
  add(bytes: Uint8Array): void;
  /** That of all that was added so far: eight hexadecimal digits. */
  digest(): string;
}

/** Begins a CRC-32, as zip and PNG take it. */
export function createCrc32(): Crc32 {
  let value = 0xffffffff;
  return {
    add(bytes) {
      for (const byte of bytes) value = table[(value ^ byte) & 255]! ^ (value >>> 8);
    },
    digest: () => ((value ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0'),
  };
}

/**
 * The CRC-32 of a text in UTF-8.
 *
 * @param text any
 * @returns eight hexadecimal digits
 */
export function crc32(text: string): string {
  const sum = createCrc32();
  sum.add(new TextEncoder().encode(text));
  return sum.digest();
}

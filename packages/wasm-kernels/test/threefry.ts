const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32 with 20 rounds, as its paper writes it (Salmon et al., SC 2011, section 3.3). */
export function threefry(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const keys = [key[0], key[1], 0x1bd11bda ^ key[0] ^ key[1]];
  let [x0, x1] = [(counter[0] + key[0]) | 0, (counter[1] + key[1]) | 0];
  for (let round = 0; round < 20; round++) {
    x0 = (x0 + x1) | 0;
    const by = ROTATIONS[round % 8]!;
    x1 = ((x1 << by) | (x1 >>> (32 - by))) ^ x0;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x0 = (x0 + keys[injection % 3]!) | 0;
    x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

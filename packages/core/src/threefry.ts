const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/**
 * One block of Threefry-2x32 with 20 rounds: two 32-bit words out of a 64-bit key and a 64-bit counter.
 *
 * @param key two unsigned 32-bit words
 * @param counter two unsigned 32-bit words
 * @param out receives the two unsigned 32-bit words of the block; given so that a loop allocates nothing
 * @returns `out`
 * @see Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011, https://doi.org/10.1145/2063384.2063405
 */
export function threefry2x32(key: readonly [number, number], counter: readonly [number, number], out: Uint32Array): Uint32Array {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = (counter[0] + k0) | 0;
  let x1 = (counter[1] + k1) | 0;
  for (let group = 0; group < 5; group++) {
    const first = (group & 1) << 2;
    for (let i = first; i < first + 4; i++) {
      const r = ROTATIONS[i]!;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    // the key schedule: (k1, k2), (k2, k0), (k0, k1), (k1, k2), (k2, k0), plus the number of the injection
    const a = group % 3 === 0 ? k1 : group % 3 === 1 ? k2 : k0;
    const b = group % 3 === 0 ? k2 : group % 3 === 1 ? k0 : k1;
    x0 = (x0 + a) | 0;
    x1 = (x1 + b + group + 1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  return out;
}

import type { Chance } from './chance.ts';

type Mutation = (bytes: Uint8Array, chance: Chance) => Uint8Array;

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** Two places of a file, the first one first. */
function rangeOf({ length }: Uint8Array, chance: Chance): [number, number] {
  const [one, other] = [chance.whole(length + 1), chance.whole(length + 1)];
  return one < other ? [one, other] : [other, one];
}

/** Mostly near the beginning, where headers are. */
const placeIn = ({ length }: Uint8Array, chance: Chance) => chance.whole(chance.happens(0.6) ? Math.min(length, 128) : length);
const NUMBERS = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0x10000000];

const mutations: readonly Mutation[] = [
  (bytes, chance) => {
    for (let i = 0, n = 1 + chance.whole(4); i < n; i++) bytes[placeIn(bytes, chance)]! ^= 1 << chance.whole(8);
    return bytes;
  },
  (bytes, chance) => {
    for (let i = 0, n = 1 + chance.whole(8); i < n; i++)
      bytes[placeIn(bytes, chance)] = chance.pick([0, 0x20, 0x22, 0x7b, 0x80, 0xff, chance.whole(256)]);
    return bytes;
  },
  (bytes, chance) => {
    const [at, value, width] = [placeIn(bytes, chance), chance.pick(NUMBERS), chance.pick([2, 4, 8])];
    const number = Buffer.alloc(8);
    if (chance.happens(0.5)) number.writeBigUInt64LE(BigInt(value));
    else number.writeUInt32BE(value, Math.max(0, width - 4) % 8);
    bytes.set(number.subarray(0, Math.min(width, bytes.length - at)), at);
    return bytes;
  },
  (bytes, chance) => bytes.slice(0, chance.whole(bytes.length)),
  (bytes, chance) => bytes.slice(chance.whole(bytes.length)),
  (bytes, chance) => {
    const [from, to] = rangeOf(bytes, chance);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, chance) => {
    const [from, to] = rangeOf(bytes, chance);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  (bytes, chance) => {
    const at = chance.whole(bytes.length + 1);
    const more = Uint8Array.from({ length: 1 + chance.whole(64) }, () => chance.whole(256));
    return join(bytes.subarray(0, at), more, bytes.subarray(at));
  },
  (bytes, chance) => join(bytes, new Uint8Array(1 + chance.whole(4096))),
];

/**
 * Mutates the content of a file: bits and bytes changed, numbers made huge, parts cut out, doubled or put in.
 *
 * @param bytes stays as it is
 * @param chance decides
 * @returns other bytes, seldom the same
 */
export function mutateBytes(bytes: Uint8Array, chance: Chance): Uint8Array {
  let mutated: Uint8Array = Uint8Array.from(bytes);
  for (let i = 0, n = chance.happens(0.7) ? 1 : 2; i < n && mutated.length > 0; i++) mutated = chance.pick(mutations)(mutated, chance);
  return mutated;
}

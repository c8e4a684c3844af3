import type { Chance } from './chance.ts';

/** A way in which storage damages files. */
export interface Damage {
  readonly name: string;
  /** The damaged bytes; now and then the same as before. */
  apply(bytes: Uint8Array, chance: Chance): Uint8Array;
}

const BLOCK = 512;

function blockOf(bytes: Uint8Array, chance: Chance): number {
  return BLOCK * chance.whole(Math.ceil(bytes.length / BLOCK));
}

/** What disks, cables and power cuts do. */
export const damages: readonly Damage[] = [
  {
    name: 'a bit flipped',
    apply(bytes, chance) {
      const damaged = bytes.slice();
      if (bytes.length > 0) damaged[chance.whole(bytes.length)]! ^= 1 << chance.whole(8);
      return damaged;
    },
  },
  {
    name: 'a block zeroed',
    apply: (bytes, chance) => {
      const start = blockOf(bytes, chance);
      return bytes.slice().fill(0, start, Math.min(bytes.length, start + BLOCK));
    },
  },
  { name: 'cut off', apply: (bytes, chance) => bytes.slice(0, chance.whole(bytes.length)) },
  {
    name: 'bytes appended',
    apply(bytes, chance) {
      const more = Array.from({ length: 1 + chance.whole(40) }, () => (chance.happens(0.3) ? 0 : chance.whole(256)));
      return Uint8Array.from([...bytes, ...more]);
    },
  },
  {
    name: 'blocks swapped',
    apply(bytes, chance) {
      const [one, other] = [blockOf(bytes, chance), blockOf(bytes, chance)];
      const length = Math.min(BLOCK, bytes.length - Math.max(one, other));
      const damaged = bytes.slice();
      damaged.set(bytes.subarray(one, one + length), other);
      damaged.set(bytes.subarray(other, other + length), one);
      return damaged;
    },
  },
];

/** Damages bytes so that they are others than before. */
export function damage(bytes: Uint8Array, kind: Damage, chance: Chance): Uint8Array {
  for (let tries = 0; tries < 20; tries++) {
    const damaged = kind.apply(bytes, chance);
    if (!Buffer.from(bytes).equals(damaged)) return damaged;
  }
  return Uint8Array.from([...bytes, 0]);
}

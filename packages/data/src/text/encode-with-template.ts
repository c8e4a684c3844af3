import { SelfsupError } from '@selfsup/core';
import type { EncodeOptions, Encoding } from './tokenizer.ts';

/** The tokens of a text without the special ones around it. */
export interface Pieces {
  readonly ids: Int32Array;
  /** `[2n]`, UTF-16. */
  readonly offsets: Int32Array;
}

/** The special tokens around one text and around two: `first A last`, `first A between B lastOfPair`. */
export interface Template {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly between: readonly number[];
  readonly lastOfPair: readonly number[];
  /** The segment of B and of what follows it. */
  readonly pairSegment: 0 | 1;
}

/** Cuts tokens off the longer of two texts until both fit, the first one where they are equally long. */
function lengthsThatFit(a: number, b: number, room: number): [number, number] {
  const excess = Math.max(0, a + b - room);
  const leveled = Math.min(excess, Math.abs(a - b));
  const rest = excess - leveled;
  return [a - (a > b ? leveled : 0) - Math.ceil(rest / 2), b - (b > a ? leveled : 0) - Math.floor(rest / 2)];
}

/** Encodes with a function that splits one text, and puts the template's special tokens around what it gives. */
export function encodeWithTemplate(split: (text: string) => Pieces, template: Template, text: string, options: EncodeOptions): Encoding {
  const { pair, addSpecialTokens = true, maxLength = Infinity } = options;
  const { first, last, between, lastOfPair, pairSegment } = template;
  const added = addSpecialTokens ? (pair === undefined ? [first, [], last] : [first, between, lastOfPair]) : [[], [], []];
  const [before, middle, after] = added as [readonly number[], readonly number[], readonly number[]];
  const numAdded = before.length + middle.length + after.length;
  if (maxLength !== Infinity && (!Number.isSafeInteger(maxLength) || maxLength < numAdded))
    throw new SelfsupError('SELFSUP_OPTION', `encode: \`maxLength\` must be an integer >= ${numAdded}, got ${maxLength}`);
  const a = split(text);
  const b = pair === undefined ? undefined : split(pair);
  const [aLength, bLength] = lengthsThatFit(a.ids.length, b?.ids.length ?? 0, maxLength - numAdded);
  const size = numAdded + aLength + bLength;
  const ids = new Int32Array(size);
  const offsets = new Int32Array(2 * size);
  const segmentIds = new Int32Array(size);
  let at = 0;
  const put = (pieces: Pieces, length: number) => {
    ids.set(pieces.ids.subarray(0, length), at);
    offsets.set(pieces.offsets.subarray(0, 2 * length), 2 * at);
    at += length;
  };
  ids.set(before);
  at += before.length;
  put(a, aLength);
  ids.set(middle, at);
  at += middle.length;
  if (b) {
    segmentIds.fill(pairSegment, at);
    put(b, bLength);
  }
  ids.set(after, at);
  return { ids, offsets, segmentIds };
}

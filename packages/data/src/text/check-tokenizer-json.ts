import { printable, SelfsupError } from '@selfsup/core';
import type { NumberedToken } from './added-tokens.ts';
import type { Template } from './encode-with-template.ts';

/** Refuses a `tokenizer.json`. */
export type Refuse = (what: string, cause?: unknown) => never;

/** Makes the function that refuses a file of this name. */
export const refuseAs =
  (name: string): Refuse =>
  (what, cause) => {
    throw new SelfsupError('SELFSUP_DATA', `loadTokenizer: ${printable(name)} ${what}`, cause === undefined ? undefined : { cause });
  };

/** What came, for a message: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return printable(typeof value === 'string' ? JSON.stringify(value) : String(value), { maxLength: 40 });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a field that must be an object, or null or not there. */
export function objectAt(json: Record<string, unknown>, key: string, refuse: Refuse): Record<string, unknown> | undefined {
  const value = json[key] ?? undefined;
  return value === undefined || isObject(value) ? value : refuse(`must have an object or null as \`${key}\`, got ${shown(value)}`);
}

/** Reads a field that may be left out or null, and else has a type. */
export function fieldAt<T extends 'string' | 'boolean' | 'number'>(
  json: Record<string, unknown>,
  key: string,
  { type, at, refuse }: { type: T; at: string; refuse: Refuse },
): { string: string; boolean: boolean; number: number }[T] | undefined {
  const value = json[key] ?? undefined;
  if (value !== undefined && typeof value !== type) refuse(`must have a ${type} as \`${at}.${key}\`, got ${shown(value)}`);
  return value as ReturnType<typeof fieldAt<T>>;
}

const MOST_PARTS = 64;

/** The types of a pre-tokenizer's parts, in order; of one that is no sequence its own. */
export function preTokenizerTypes(preTokenizer: Record<string, unknown> | undefined, refuse: Refuse): string[] {
  const types: string[] = [];
  const open: unknown[] = [preTokenizer];
  for (let parts = 0; open.length > 0; parts++) {
    if (parts === MOST_PARTS) refuse(`must have at most ${MOST_PARTS} parts in its \`pre_tokenizer\``);
    const part = open.shift() ?? {};
    if (!isObject(part)) return refuse(`must have objects as parts of its \`pre_tokenizer\`, got ${shown(part)}`);
    if (part.type === 'Sequence') {
      const inner = part.pretokenizers;
      if (!Array.isArray(inner)) return refuse(`must have a list as \`pretokenizers\` of a Sequence, got ${shown(inner)}`);
      open.unshift(...(inner as unknown[]).slice(0, MOST_PARTS + 1));
    } else types.push(part.type === undefined ? 'none' : typeof part.type === 'string' ? part.type : shown(part.type));
  }
  return types;
}

const LARGEST_ID = 2 ** 24;

/** Reads `model.vocab`: each token has an id of its own. */
export function vocabularyOf(vocab: unknown, refuse: Refuse): Record<string, number> {
  if (!isObject(vocab)) return refuse(`must have the vocabulary as \`model.vocab\`, got ${shown(vocab)}`);
  const seen = new Set<number>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) >= LARGEST_ID || seen.has(id as number))
      refuse(`must give each token of \`model.vocab\` an id of its own from 0 on, got ${shown(id)} for ${shown(token)}`);
    seen.add(id as number);
  }
  return vocab as Record<string, number>;
}

const FLAGS = { single_word: 'singleWord', lstrip: 'lstrip', rstrip: 'rstrip', normalized: 'normalized', special: 'special' } as const;

/**
 * Reads `added_tokens`. A token of the vocabulary has its id there; the others, in their order, have those behind it: that is how Hugging Face's tokenizers number
 * them, whatever the file says.
 */
export function addedTokensOf(list: unknown, vocab: Readonly<Record<string, number>>, refuse: Refuse): NumberedToken[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return refuse(`must have a list as \`added_tokens\`, got ${shown(list)}`);
  const seen = new Set<string>();
  let next = Object.keys(vocab).length;
  return (list as unknown[]).map((entry, i) => {
    const at = `added_tokens[${i}]`;
    if (!isObject(entry)) return refuse(`must have objects in \`added_tokens\`, got ${shown(entry)} as number ${i}`);
    const { id, content } = entry;
    if (typeof content !== 'string' || content === '') return refuse(`must have the token as \`${at}.content\`, got ${shown(content)}`);
    if (seen.has(content)) refuse(`must have each token once in \`added_tokens\`, got ${shown(content)} twice`);
    seen.add(content);
    const expected = Object.hasOwn(vocab, content) ? vocab[content]! : next++;
    if (id !== expected)
      return refuse(
        `must give the added token ${shown(content)} the id ${expected}, ${expected === next - 1 ? 'the next one behind' : 'as in'} \`model.vocab\`, got ${shown(id)}`,
      );
    const flags = Object.fromEntries(
      Object.entries(FLAGS).map(([key, flag]) => [
        flag,
        fieldAt(entry, key, { type: 'boolean', at, refuse }) ?? (key === 'normalized' && entry.special !== true),
      ]),
    ) as Record<(typeof FLAGS)[keyof typeof FLAGS], boolean>;
    return { id: expected, content, ...flags };
  });
}

const NO_TEMPLATE: Template = { first: [], last: [], between: [], lastOfPair: [], pairSegment: 1 };

/** Reads what `post_processor` puts around one text and two: of types TemplateProcessing and BertProcessing, or null. */
export function templateOf(processor: Record<string, unknown> | undefined, refuse: Refuse): Template {
  if (processor === undefined) return NO_TEMPLATE;
  const supported = 'of type TemplateProcessing or BertProcessing, with special tokens only around the texts and the segments 0 and 1';
  const wrong = (): never => refuse(`must have a \`post_processor\` ${supported}, got ${shown(processor.type)}`);
  const idIn = (id: unknown): number =>
    Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < LARGEST_ID ? (id as number) : wrong();
  if (processor.type === 'BertProcessing') {
    const idOf = (pair: unknown) => [idIn(Array.isArray(pair) ? (pair as unknown[])[1] : undefined)];
    const [classify, separator] = [idOf(processor.cls), idOf(processor.sep)];
    return { first: classify, last: separator, between: separator, lastOfPair: separator, pairSegment: 1 };
  }
  if (processor.type !== 'TemplateProcessing') return wrong();
  const known = isObject(processor.special_tokens) ? processor.special_tokens : {};
  /** The ids before, between and behind the texts, and the segment of each part. */
  const read = (parts: unknown, texts: readonly string[]) => {
    if (!Array.isArray(parts)) return wrong();
    const ids: number[][] = [[]];
    const segments: unknown[][] = [[]];
    for (const part of parts as unknown[]) {
      if (!isObject(part)) return wrong();
      if (isObject(part.Sequence)) {
        if (part.Sequence.id !== texts[ids.length - 1]) return wrong();
        segments.at(-1)!.push(...(ids.length === 1 ? [part.Sequence.type_id] : []));
        ids.push([]);
        segments.push(ids.length > 2 ? [part.Sequence.type_id] : []);
      } else if (isObject(part.SpecialToken)) {
        const token = known[String(part.SpecialToken.id)];
        if (!isObject(token) || !Array.isArray(token.ids)) return wrong();
        ids.at(-1)!.push(...(token.ids as unknown[]).map(idIn));
        segments.at(-1)!.push(part.SpecialToken.type_id);
      } else return wrong();
    }
    return ids.length === texts.length + 1 ? { ids, segments } : wrong();
  };
  const single = read(processor.single, ['A']);
  const pair = read(processor.pair, ['A', 'B']);
  const [first, last] = single.ids as [number[], number[]];
  const [firstOfPair, between, lastOfPair] = pair.ids as [number[], number[], number[]];
  const pairSegment = pair.segments[2]![0];
  const zeros = [...single.segments.flat(), ...pair.segments[0]!, ...pair.segments[1]!];
  if (first.join() !== firstOfPair.join() || zeros.some((segment) => segment !== 0)) return wrong();
  if ((pairSegment !== 0 && pairSegment !== 1) || pair.segments[2]!.some((segment) => segment !== pairSegment)) return wrong();
  return { first, last, between, lastOfPair, pairSegment };
}

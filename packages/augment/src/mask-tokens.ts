import { drawUniform, SelfsupError, shareOf, type Rng } from '@selfsup/core';
import { checkProbability } from './check-options.ts';
import { chooseCounted, chooseEach, chooseShortest, chooseSpans, findRuns, type TokenRun } from './choose-tokens.ts';
import type { MaskedTokens, TokenMasking } from './token-masking.ts';

/** Options of {@link maskTokens}. */
export interface MaskTokensOptions {
  /** Ids are below it; an integer ≥ 1. */
  vocabularySize: number;
  /** The id of [MASK]. */
  maskId: number;
  /** The id of [PAD]; padding does not count as a token. Default: there is no padding. */
  paddingId?: number;
  /** Ids that are never hidden and never put in: [CLS], [SEP], [UNK] …; `maskId` and `paddingId` are among them anyway. */
  specialIds: readonly number[];
  /** The part of the tokens that is hidden, in [0, 1]; default 0.15. */
  maskRate?: number;
  /**
   * How many are hidden. `'counted'` (default), google-research/bert's: max(1, round(maskRate · n)) of a sequence's n tokens, special ones counted, halves
   * rounded to even; a word that is longer than that is hidden where no shorter one is there. `'bernoulli'`, Hugging Face's: each unit on its own with probability `maskRate`.
   */
  rule?: 'counted' | 'bernoulli';
  /** What is hidden as a whole: `'token'` (default), `'whole-word'`, or `'span'`, SpanBERT's runs of words (of tokens without `isContinuation`). */
  unit?: 'token' | 'whole-word' | 'span';
  /** Tells ids that go on with the word before, such as `##ing`; whole words need it. Asked once for each id. */
  isContinuation?: (id: number) => boolean;
  /** At most so many tokens of a sequence with `'counted'`; an integer ≥ 1; default no limit. */
  maxMasked?: number;
  /** The part of the hidden tokens that becomes [MASK], in [0, 1]; default 0.8. */
  maskFraction?: number;
  /** The part that becomes a random token, in [0, 1]; default 0.1. What is left of the two stays as it is. */
  randomFraction?: number;
  /** Spans have geometric lengths of this success probability, in (0, 1]; default 0.2. */
  spanProbability?: number;
  /** The longest span; an integer ≥ 1; default 10. */
  maxSpan?: number;
}

const fail = (name: string, expected: string, got: unknown): never => {
  throw new SelfsupError('SELFSUP_OPTION', `maskTokens: \`${name}\` must be ${expected}, got ${String(got)}`);
};

function withDefaults(options: MaskTokensOptions) {
  const { maskRate = 0.15, maskFraction = 0.8, randomFraction = 0.1, spanProbability = 0.2, maxSpan = 10 } = options;
  const { rule = 'counted', unit = 'token', maxMasked = Infinity, vocabularySize, maskId, paddingId, isContinuation } = options;
  const integer = (name: string, value: number) => {
    if (!Number.isSafeInteger(value) || value < 1) fail(name, 'an integer >= 1', value);
  };
  integer('vocabularySize', vocabularySize);
  integer('maxSpan', maxSpan);
  if (maxMasked !== Infinity) integer('maxMasked', maxMasked);
  for (const [name, value] of Object.entries({ maskRate, maskFraction, randomFraction })) checkProbability('maskTokens', name, value);
  if (maskFraction + randomFraction > 1 + 1e-9) fail('randomFraction', `at most 1 - maskFraction = ${1 - maskFraction}`, randomFraction);
  if (!(spanProbability > 0 && spanProbability <= 1)) fail('spanProbability', 'in (0, 1]', spanProbability);
  if (!['counted', 'bernoulli'].includes(rule)) fail('rule', "'counted' or 'bernoulli'", JSON.stringify(rule));
  if (!['token', 'whole-word', 'span'].includes(unit)) fail('unit', "'token', 'whole-word' or 'span'", JSON.stringify(unit));
  if (unit === 'span' && rule === 'bernoulli') fail('rule', "'counted' for spans", JSON.stringify(rule));
  if (unit === 'whole-word' && !isContinuation) fail('isContinuation', 'given for whole words', isContinuation);
  const special = { maskId, ...(paddingId === undefined ? {} : { paddingId }) };
  for (const [name, id] of [...Object.entries(special), ...options.specialIds.map((id) => ['specialIds', id] as const)])
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) fail(name, `ids in [0, ${vocabularySize})`, id);
  return { maskRate, maskFraction, randomFraction, spanProbability, maxSpan, rule, unit, maxMasked, paddingId, maskId };
}

/**
 * Hides a part of the tokens for masked language modeling: of those chosen 80 % become [MASK], 10 % a random token and 10 % stay.
 *
 * @param options see {@link MaskTokensOptions}
 * @returns a {@link TokenMasking}: ids in, corrupted ids with positions, labels and weights out
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from the masking `SELFSUP_SHAPE` when the ids are not rows of `length`,
 * `SELFSUP_DATA` on an id outside the vocabulary
 * @see Devlin et al.: "BERT", section 3.1, https://arxiv.org/abs/1810.04805; google-research/bert, `create_pretraining_data.py`
 * @see Joshi et al.: "SpanBERT", section 3.1, https://arxiv.org/abs/1907.10529
 * @remarks A random token is never a special one, and may be the one that stood there; google-research/bert draws from all ids. Whole words
 * decide on their replacement token by token as there, spans as a whole as in SpanBERT, which counts them in words. A word or a span that exceeds the rest of the budget is left out or ends early;
 * where every word does, one of the shortest is hidden all the same, up to `maxMasked` of its tokens. With the token unit the counted rule hides exactly the
 * budget where there are as many tokens to hide. For ELECTRA: `{ maskFraction: 0.85, randomFraction: 0 }` as its code has it, or `maskFraction: 1`.
 * @example
 * ```ts
 * import { maskTokens } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const masking = maskTokens({ vocabularySize: 30522, maskId: 103, paddingId: 0, specialIds: [100, 101, 102] });
 * const tokenIds = Int32Array.of(101, 7592, 2088, 2003, 2502, 102, 0, 0);
 * const { positions, labels } = masking({ tokenIds, length: 8 }, createRng(0)); // one position of 1 … 4
 * ```
 */
export function maskTokens(options: MaskTokensOptions): TokenMasking {
  const { maskRate, rule, unit, maxMasked, paddingId, maskId, ...settings } = withDefaults(options);
  const { vocabularySize, isContinuation } = options;
  const special = new Uint8Array(vocabularySize);
  for (const id of [...options.specialIds, maskId, paddingId ?? maskId]) special[id] = 1;
  const ordinary = Int32Array.from(special.keys()).filter((id) => special[id] === 0);
  if (ordinary.length === 0) fail('specialIds', 'fewer than all ids', 'all of them');
  const byWord = unit !== 'token' && isContinuation !== undefined;
  const continues = Uint8Array.from(special, (_, id) => (byWord && isContinuation(id) ? 1 : 0));

  const choose = (row: Int32Array, rng: Rng): TokenRun[] => {
    const runs = findRuns(row.length, {
      maskable: (at) => special[row[at]!] === 0,
      continuation: (at) => continues[row[at]!] === 1,
    });
    if (rule === 'bernoulli') return chooseEach(runs, maskRate, rng);
    const tokens = paddingId === undefined ? row.length : row.reduce((count, id) => count + (id === paddingId ? 0 : 1), 0);
    const budget = Math.min(maxMasked, Math.max(1, shareOf(tokens, maskRate, 'half-to-even')));
    const chosen = unit === 'span' ? chooseSpans(runs, { ...settings, budget }, rng) : chooseCounted(runs, budget, rng);
    if (chosen.length === 0) chosen.push(...chooseShortest(runs, maxMasked, rng.fold('shortest')));
    return chosen.sort((a, b) => a.start - b.start);
  };
  const replace = (row: Int32Array, runs: readonly TokenRun[], rng: Rng): number[] => {
    const places = runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => ({ at: start + i, first: i === 0 })));
    const kinds = drawUniform(rng.fold('kind'), places.length);
    const words = drawUniform(rng.fold('word'), places.length);
    let kind = 0;
    places.forEach(({ at, first }, i) => {
      if (first || unit !== 'span') kind = kinds[i]!;
      if (kind < settings.maskFraction) row[at] = maskId;
      else if (kind < settings.maskFraction + settings.randomFraction) row[at] = ordinary[Math.floor(words[i]! * ordinary.length)]!;
    });
    return places.map(({ at }) => at);
  };
  return ({ tokenIds, length }, rng): MaskedTokens => {
    if (!Number.isSafeInteger(length) || length < 1 || tokenIds.length === 0 || tokenIds.length % length !== 0)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `maskTokens: \`tokenIds\` must be rows of \`length\` ids, got ${tokenIds.length} ids and length ${length}`,
      );
    const outside = tokenIds.findIndex((id) => special[id] === undefined);
    if (outside >= 0)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `maskTokens: \`tokenIds\` must be in [0, ${vocabularySize}), got ${tokenIds[outside]!} at place ${outside % length} of sequence ${Math.floor(outside / length)}`,
      );
    const corrupted = tokenIds.slice();
    const positions: number[] = [];
    for (let offset = 0; offset < tokenIds.length; offset += length) {
      const row = corrupted.subarray(offset, offset + length);
      const stream = rng.row(offset / length, tokenIds.length / length);
      for (const at of replace(row, choose(row, stream.fold('choose')), stream)) positions.push(offset + at);
    }
    const found = positions.length > 0;
    const places = Int32Array.from(found ? positions : [0]);
    return {
      tokenIds: corrupted,
      positions: places,
      labels: places.map((at) => tokenIds[at]!),
      weights: new Float32Array(places.length).fill(found ? 1 : 0),
    };
  };
}

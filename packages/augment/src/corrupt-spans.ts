import { drawPermutation, SelfsupError, shareOf, type Rng } from '@selfsup/core';
import { fillUp, sequencesOf, shortenedRows, specialSet, type SpanCorruption } from './token-corruption.ts';

/** Options of {@link corruptSpans}. */
export interface CorruptSpansOptions {
  /** Stand for the spans, the first for the first; as many as a sequence has spans at least, see {@link spanCount}. In a text they stay where they are. */
  sentinelIds: readonly number[];
  /** What the decoder reads first: [CLS], or T5's padding. */
  startId: number;
  /** What ends an answer: [SEP], or T5's `</s>`. */
  endId: number;
  /** Ids that stay where they are: [CLS], [SEP], [UNK] … */
  specialIds: readonly number[];
  /** The part of the tokens that is taken out, in (0, 1); default 0.15. */
  noiseDensity?: number;
  /** How long the spans are on average, ≥ 1; default 3. */
  meanSpanLength?: number;
  /** What sequences are filled up with; default 0. */
  fillId?: number;
}

/** How much noise there is: `noiseDensity` and `meanSpanLength` of {@link CorruptSpansOptions}. */
export type SpanNoise = Pick<CorruptSpansOptions, 'noiseDensity' | 'meanSpanLength'>;

/** How many tokens are taken out, in how many spans; none of fewer than two tokens. */
function noiseOf(tokens: number, { noiseDensity = 0.15, meanSpanLength = 3 }: SpanNoise): { noise: number; spans: number } {
  if (tokens < 2) return { noise: 0, spans: 0 };
  const noise = Math.min(tokens - 1, Math.max(1, shareOf(tokens, noiseDensity, 'half-to-even')));
  const spans = Math.max(1, shareOf(noise, 1 / meanSpanLength, 'half-to-even'));
  return { noise, spans: Math.min(spans, noise, tokens - noise) };
}

/**
 * How many spans {@link corruptSpans} takes out of a sequence, and so how many sentinels it needs.
 *
 * @param tokens of the sequence, special ones not counted
 * @param noise `noiseDensity` (0.15) and `meanSpanLength` (3)
 * @returns 0 for fewer than two tokens
 * @example
 * ```ts
 * import { spanCount } from '@selfsup/augment';
 * console.log(spanCount(512)); // 26
 * ```
 */
export function spanCount(tokens: number, noise: SpanNoise = {}): number {
  return noiseOf(tokens, noise).spans;
}

/** A count as a sum of `parts` numbers >= 1, each such sum as likely as any other. */
function split(count: number, parts: number, rng: Rng): number[] {
  if (parts < 2) return [count];
  const cuts = [...drawPermutation(rng, count - 1).slice(0, parts - 1)].map((cut) => cut + 1).sort((a, b) => a - b);
  return [...cuts, count].map((cut, i) => cut - (cuts[i - 1] ?? 0));
}

/** Of each of `tokens` the number of the span it goes with, −1 where it stays; it starts with some that stay and ends with a span. */
function drawSpans(tokens: number, noise: SpanNoise, rng: Rng): Int32Array {
  const { noise: gone, spans } = noiseOf(tokens, noise);
  const spanOf = new Int32Array(tokens).fill(-1);
  if (spans === 0) return spanOf;
  const [out, stay] = [split(gone, spans, rng.fold('noise')), split(tokens - gone, spans, rng.fold('rest'))];
  let at = 0;
  for (let span = 0; span < spans; span++) {
    at += stay[span]!;
    spanOf.fill(span, at, at + out[span]!);
    at += out[span]!;
  }
  return spanOf;
}

/**
 * Takes spans out of sequences and leaves a sentinel in the place of each, as T5 does; the answer is every sentinel with what it stands for.
 *
 * @param options see {@link CorruptSpansOptions}
 * @returns a {@link SpanCorruption}: ids and their mask in; corrupted ids, what the decoder reads, and what it should say out
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from the corruption `SELFSUP_SHAPE` when ids and mask are not rows of `length`,
 * `SELFSUP_OPTION` on too few sentinels
 * @see Raffel et al.: "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", section 3.1.4, https://arxiv.org/abs/1910.10683
 * @remarks The rule of T5's code, `random_spans_noise_mask`: round(noiseDensity · n) of n tokens in round(noise / meanSpanLength) spans, halves to even; both what
 * goes and what stays is cut at random places, and a sequence begins with tokens that stay and ends with a span. So an answer ends with `endId`, without a last
 * sentinel behind the spans as in figure 2 of the paper. T5 takes longer pieces of text so that all are of one length when the spans are gone; here rows are
 * filled up. A sequence of fewer than two tokens has no spans, and all of its labels are −1.
 * @example
 * ```ts
 * import { corruptSpans } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const corrupt = corruptSpans({ sentinelIds: [5, 6, 7], startId: 2, endId: 3, specialIds: [0, 1, 2, 3, 4] });
 * const { tokenIds, labels } = corrupt({ tokenIds: Int32Array.of(2, 10, 11, 12, 13, 14, 15, 16, 17, 3), length: 10 }, createRng(0));
 * ```
 */
export function corruptSpans(options: CorruptSpansOptions): SpanCorruption {
  const { sentinelIds, startId, endId, specialIds, noiseDensity = 0.15, meanSpanLength = 3, fillId = 0 } = options;
  const fail = (name: string, expected: string, got: unknown) =>
    new SelfsupError('SELFSUP_OPTION', `corruptSpans: \`${name}\` must be ${expected}, got ${String(got)}`);
  if (!(noiseDensity > 0 && noiseDensity < 1)) throw fail('noiseDensity', 'in (0, 1)', noiseDensity);
  if (!(meanSpanLength >= 1 && meanSpanLength < Infinity)) throw fail('meanSpanLength', 'finite and >= 1', meanSpanLength);
  const special = specialSet('corruptSpans', { specialIds, startId: [startId], endId: [endId], fillId: [fillId] });
  const sentinels = specialSet('corruptSpans', { sentinelIds });
  if (sentinels.size !== sentinelIds.length) throw fail('sentinelIds', 'different ids', `[${sentinelIds.join(', ')}]`);
  return (rows, rng) => {
    const corrupted = sequencesOf('corruptSpans', rows).map((ids, row, { length }) => {
      const isText = Array.from(ids, (id) => !special.has(id) && !sentinels.has(id));
      const tokens = isText.filter(Boolean).length;
      const needed = spanCount(tokens, { noiseDensity, meanSpanLength });
      if (needed > sentinelIds.length)
        throw fail('sentinelIds', `at least ${needed} ids for ${tokens} tokens in a sequence`, sentinelIds.length);
      const spanOf = drawSpans(tokens, { noiseDensity, meanSpanLength }, rng.row(row, length));
      const [input, answer]: [number[], number[]] = [[], []];
      let [place, last] = [0, -1];
      for (const [at, id] of ids.entries()) {
        const span = isText[at] ? spanOf[place++]! : -1;
        if (span < 0) {
          input.push(id);
          continue;
        }
        if (span > last) {
          input.push(sentinelIds[span]!);
          answer.push(sentinelIds[span]!);
          last = span;
        }
        answer.push(id);
      }
      return { input, answer: needed === 0 ? [] : [...answer, endId] };
    });
    const answers = corrupted.map(({ answer }) => answer);
    const labels = fillUp(answers, { fill: -1, most: rows.length });
    const decoder = fillUp(
      answers.map((answer) => [startId, ...answer.slice(0, -1)]),
      { fill: fillId, most: rows.length },
    );
    const inputs = corrupted.map(({ input }) => input);
    return {
      ...shortenedRows(inputs, { fill: fillId, most: rows.length }),
      decoderIds: decoder.ids,
      labels: labels.ids,
      targetLength: labels.length,
    };
  };
}

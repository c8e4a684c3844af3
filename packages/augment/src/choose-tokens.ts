import { drawPermutation, drawUniform, type Rng } from '@selfsup/core';

/** Neighboring tokens `[start, end)` that are hidden together: one token, a word, or a span of these. */
export interface TokenRun {
  readonly start: number;
  readonly end: number;
}

/** The geometric distribution of span lengths, cut off at `maxSpan`. */
export interface SpanLengths {
  readonly spanProbability: number;
  readonly maxSpan: number;
}

/** Splits the tokens that may be hidden into runs: a continuation joins the token just before it. */
export function findRuns(length: number, is: { maskable: (at: number) => boolean; continuation: (at: number) => boolean }): TokenRun[] {
  const runs: { start: number; end: number }[] = [];
  for (let at = 0; at < length; at++) {
    if (!is.maskable(at)) continue;
    const last = runs.at(-1);
    if (last?.end === at && is.continuation(at)) last.end++;
    else runs.push({ start: at, end: at + 1 });
  }
  return runs;
}

/** Each run on its own with a probability. */
export function chooseEach(runs: readonly TokenRun[], probability: number, rng: Rng): TokenRun[] {
  const draws = drawUniform(rng, runs.length);
  return runs.filter((_, i) => draws[i]! < probability);
}

/** Runs in a random order until `budget` tokens are chosen; a run that would exceed it is passed over. */
export function chooseCounted(runs: readonly TokenRun[], budget: number, rng: Rng): TokenRun[] {
  const chosen: TokenRun[] = [];
  let left = budget;
  for (const i of drawPermutation(rng, runs.length)) {
    if (left === 0) break;
    const run = runs[i]!;
    if (run.end - run.start > left) continue;
    chosen.push(run);
    left -= run.end - run.start;
  }
  return chosen;
}

/** One of the shortest runs, cut off at `most` tokens; none where there are no runs. */
export function chooseShortest(runs: readonly TokenRun[], most: number, rng: Rng): TokenRun[] {
  if (runs.length === 0) return [];
  const shortest = runs.reduce((least, { start, end }) => Math.min(least, end - start), Infinity);
  const candidates = runs.filter(({ start, end }) => end - start === shortest);
  const { start } = candidates[drawPermutation(rng, candidates.length)[0]!]!;
  return [{ start, end: start + Math.min(shortest, most) }];
}

/** Geometric lengths from uniform draws: P(k) ∝ (1 − p)^(k − 1) for k = 1 … maxSpan, by inversion. */
export function spanLengths(draws: Float32Array, { spanProbability, maxSpan }: SpanLengths): Int32Array {
  const fail = 1 - spanProbability;
  const mass = 1 - fail ** maxSpan;
  return Int32Array.from(draws, (u) => Math.min(maxSpan, 1 + Math.floor(Math.log(1 - u * mass) / Math.log(fail))));
}

/** Spans of geometric length, counted in runs, from starts in a random order; each ends early at what is taken, at a gap, or where the budget ends. */
export function chooseSpans(runs: readonly TokenRun[], limits: SpanLengths & { budget: number }, rng: Rng): TokenRun[] {
  const lengths = spanLengths(drawUniform(rng.fold('length'), runs.length), limits);
  const taken = new Uint8Array(runs.length);
  const chosen: TokenRun[] = [];
  let left = limits.budget;
  for (const first of drawPermutation(rng.fold('start'), runs.length)) {
    if (left === 0) break;
    const { start } = runs[first]!;
    let end = start;
    for (let i = first; i < Math.min(first + lengths[first]!, runs.length); i++) {
      const run = runs[i]!;
      if (taken[i] === 1 || run.start !== end || run.end - run.start > left) break;
      taken[i] = 1;
      left -= run.end - run.start;
      end = run.end;
    }
    if (end > start) chosen.push({ start, end });
  }
  return chosen;
}

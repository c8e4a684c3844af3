/** Places that have a weight of their own. */
const PLACES = 8;
/** By how much a nat weighs more. */
const GAIN = 2;

/** KL(p ‖ unigram) of tokens that were picked, p their own frequencies. */
function divergence(picked: Int32Array, { counts, total }: { counts: Float64Array; total: number }): number {
  const own = new Map<number, number>();
  for (const id of picked) own.set(id, (own.get(id) ?? 0) + 1);
  let sum = 0;
  for (const [id, count] of own) {
    const part = count / picked.length;
    sum += part * Math.log(part / (counts[id]! / total));
  }
  return sum;
}

/**
 * How much the first places of texts say beside all others: 1 + 2·max(0, KL(pₜ‖p) − KL(pᵣ‖p)). Internal.
 *
 * p are the frequencies of all tokens, pₜ those of the tokens at place t of the texts that are longer, and pᵣ those of one token from any place of each of
 * these texts: as many, so that what few samples add by chance is taken off.
 *
 * @param text the ids of all texts, one after the other; where each begins, and an end; `[vocabularySize]` how often each id occurs
 * @returns `[8]`
 */
export function placeWeights(text: { ids: Int32Array; starts: readonly number[]; counts: Float64Array }): Float32Array {
  const { ids, starts, counts } = text;
  const frequencies = { counts, total: ids.length };
  return Float32Array.from({ length: PLACES }, (_, place) => {
    const [here, anywhere]: [number[], number[]] = [[], []];
    for (let i = 0; i + 1 < starts.length; i++) {
      const [start, length] = [starts[i]!, starts[i + 1]! - starts[i]!];
      if (length <= place) continue;
      here.push(ids[start + place]!);
      anywhere.push(ids[start + (i % length)]!);
    }
    if (here.length === 0) return 1;
    const gained = divergence(Int32Array.from(here), frequencies) - divergence(Int32Array.from(anywhere), frequencies);
    return 1 + GAIN * Math.max(0, gained);
  });
}

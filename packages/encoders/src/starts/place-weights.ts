/** Places that have a weight of their own. */
const PLACES = 8;
/** By how much a nat weighs more. */
const GAIN = 2;

/** How often tokens were picked. */
type Picked = Map<number, number>;

/** KL(p ‖ unigram) of tokens that were picked, p their own frequencies. */
function divergence(picked: Picked, { counts, total }: { counts: Float64Array; total: number }): number {
  const size = [...picked.values()].reduce((sum, count) => sum + count, 0);
  let sum = 0;
  for (const [id, count] of picked) {
    const part = count / size;
    sum += part * Math.log(part / (counts[id]! / total));
  }
  return sum;
}

/** Counts tokens by their places in texts. Internal. */
export interface PlaceCounts {
  /** Counts the tokens of a text, of which there is at least one. */
  add(ids: ArrayLike<number>): void;
  /**
   * How much the first places say beside all others, `[8]`: 1 + 2·max(0, KL(pₜ‖p) − KL(pᵣ‖p)).
   *
   * @param frequencies `[vocabularySize]` how often each token occurs in all texts, and how many tokens there are
   */
  weights(frequencies: { counts: Float64Array; total: number }): Float32Array;
}

/**
 * Begins to count tokens by their places: p are the frequencies of all tokens, pₜ those of the tokens at place t of the texts that are longer, and pᵣ those of one
 * token from any place of each of these texts: as many, so that what few samples add by chance is taken off. Internal.
 */
export function createPlaceCounts(): PlaceCounts {
  const places = Array.from({ length: PLACES }, () => ({ here: new Map() as Picked, anywhere: new Map() as Picked }));
  const pick = (picked: Picked, id: number) => picked.set(id, (picked.get(id) ?? 0) + 1);
  let texts = 0;
  return {
    add(ids) {
      for (let place = 0; place < Math.min(PLACES, ids.length); place++) {
        pick(places[place]!.here, ids[place]!);
        pick(places[place]!.anywhere, ids[texts % ids.length]!);
      }
      texts++;
    },
    weights: (frequencies) =>
      Float32Array.from(places, ({ here, anywhere }) =>
        here.size === 0 ? 1 : 1 + GAIN * Math.max(0, divergence(here, frequencies) - divergence(anywhere, frequencies)),
      ),
  };
}

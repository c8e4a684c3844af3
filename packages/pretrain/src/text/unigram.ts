import type { TokenDataset } from '@selfsup/data/text';

/** How often each token occurs in the training text: what a model would say that knows nothing of the context. */
export interface Unigram {
  /** The cross entropy of tokens under it, in nats; each token counts once more than it occurs, so that none is impossible. */
  crossEntropy(tokens: ArrayLike<number>): number;
}

const CHUNK = 1024;

/**
 * Counts the tokens of a data set.
 *
 * @param dataset the sequences
 * @param options `ignored`: ids that are not counted, such as `[CLS]`
 * @returns see {@link Unigram}
 */
export async function countUnigrams(dataset: TokenDataset, options: { ignored: readonly number[] }): Promise<Unigram> {
  const counts = new Float64Array(dataset.vocabularySize).fill(1);
  for (let first = 0; first < dataset.length; first += CHUNK) {
    const size = Math.min(CHUNK, dataset.length - first);
    const { tokenIds } = await dataset.read(Array.from({ length: size }, (_, i) => first + i));
    for (const id of tokenIds) counts[id]!++;
  }
  for (const id of options.ignored) counts[id] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    crossEntropy(tokens) {
      let sum = 0;
      for (let i = 0; i < tokens.length; i++) sum -= Math.log(counts[tokens[i]!]! / total);
      return sum / tokens.length;
    },
  };
}

/**
 * The entropy of tokens by their own frequencies, in nats: no distribution that ignores the context has a lower cross entropy on them.
 *
 * @param tokens ids
 * @returns −Σ p·log p
 */
export function entropyOf(tokens: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < tokens.length; i++) counts.set(tokens[i]!, (counts.get(tokens[i]!) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / tokens.length) * Math.log(count / tokens.length);
  return entropy;
}

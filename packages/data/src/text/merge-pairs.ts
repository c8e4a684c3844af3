/** Words as symbols, and how often each word occurs. */
export interface SymbolWords {
  /** The symbols of each word; changed by the merging. */
  readonly words: number[][];
  /** `[words.length]`. */
  readonly counts: readonly number[];
}

interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

const BASE = 2 ** 24; // above any number of symbols
const before = (a: Candidate, b: Candidate) =>
  a.count !== b.count ? a.count > b.count : a.left !== b.left ? a.left < b.left : a.right < b.right;

/** A binary heap whose top is the pair that comes first: the most frequent one, and of equals the one with the smaller symbols. */
function createHeap() {
  const heap: Candidate[] = [];
  const at = (i: number) => heap[i]!;
  return {
    push(item: Candidate): void {
      let i = heap.push(item) - 1;
      for (; i > 0 && before(item, at((i - 1) >> 1)); i = (i - 1) >> 1) heap[i] = at((i - 1) >> 1);
      heap[i] = item;
    },
    pop(): Candidate | undefined {
      const top = heap[0];
      const item = heap.pop();
      if (item === undefined || heap.length === 0) return top;
      let i = 0;
      for (let child = 1; child < heap.length; child = 2 * i + 1) {
        if (child + 1 < heap.length && before(at(child + 1), at(child))) child++;
        if (!before(at(child), item)) break;
        heap[i] = at(child);
        i = child;
      }
      heap[i] = item;
      return top;
    },
  };
}

/**
 * Joins the most frequent pair of neighboring symbols to a new symbol, again and again.
 *
 * @param join gives the symbol of a pair that is joined, or undefined to stop
 * @see Sennrich et al.: "Neural Machine Translation of Rare Words with Subword Units", algorithm 1, https://arxiv.org/abs/1508.07909
 * @remarks Only the words that hold a pair are looked at when it is joined, and counts in the heap are brought up to date when they come to the top.
 */
export function mergePairs({ words, counts }: SymbolWords, join: (pair: Candidate) => number | undefined): void {
  const pairCounts = new Map<number, number>();
  const places = new Map<number, Set<number>>(); // the words that a pair is, or was, in
  const heap = createHeap();
  const add = (left: number, right: number, word: number, times: number) => {
    const key = left * BASE + right;
    pairCounts.set(key, (pairCounts.get(key) ?? 0) + times * counts[word]!);
    if (times < 0) return key;
    const known = places.get(key);
    if (known) known.add(word);
    else places.set(key, new Set([word]));
    return key;
  };
  for (const [word, symbols] of words.entries()) for (let i = 1; i < symbols.length; i++) add(symbols[i - 1]!, symbols[i]!, word, 1);
  const offer = (key: number) => {
    const count = pairCounts.get(key)!;
    if (count > 0) heap.push({ left: Math.floor(key / BASE), right: key % BASE, count });
  };
  for (const key of pairCounts.keys()) offer(key);

  for (let top = heap.pop(); top; top = heap.pop()) {
    const { left, right } = top;
    const key = left * BASE + right;
    if (pairCounts.get(key) !== top.count) {
      offer(key);
      continue;
    }
    const joined = join(top);
    if (joined === undefined) return;
    const grown = new Set<number>();
    for (const word of places.get(key)!) {
      const symbols = words[word]!;
      for (let i = 1; i < symbols.length; i++) add(symbols[i - 1]!, symbols[i]!, word, -1);
      let length = 0;
      for (let i = 0; i < symbols.length; i++) {
        const found = symbols[i] === left && i + 1 < symbols.length && symbols[i + 1] === right;
        symbols[length++] = found ? joined : symbols[i]!;
        if (found) i++;
      }
      symbols.length = length;
      for (let i = 1; i < length; i++) {
        const near = add(symbols[i - 1]!, symbols[i]!, word, 1);
        if (symbols[i - 1] === joined || symbols[i] === joined) grown.add(near);
      }
    }
    places.delete(key);
    pairCounts.set(key, 0);
    for (const near of grown) offer(near);
  }
}

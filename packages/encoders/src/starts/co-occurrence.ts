import type { CountedDocuments } from './token-documents.ts';

/** How often tokens stand beside each other, one row at a time: no table of all pairs is ever held. Internal. */
export interface CoOccurrence {
  /** Tokens by rank that have a row. */
  readonly rows: number;
  /** Of them the first ones are the columns. */
  readonly columns: number;
  /** `[rows]`: the sum of each row. */
  readonly sums: Float64Array;
  /**
   * Counts a row, without the token itself.
   *
   * @param row a rank
   * @param counts `[columns]`, zeros; gets the counts
   * @param touched `[columns]`; gets the columns that are not 0
   * @returns how many are not 0
   */
  count(row: number, counts: Float64Array, touched: Int32Array): number;
}

/** Lists of numbers by key: those of key k are `items[starts[k]]` … `items[starts[k + 1] − 1]`. */
interface Lists {
  readonly starts: Float64Array;
  readonly items: Int32Array;
}

/** Of pairs (key, item) the items of each key, in the order of the pairs. */
function listsBy(keys: Int32Array, items: Int32Array | undefined, numKeys: number): Lists {
  const starts = new Float64Array(numKeys + 1);
  for (const key of keys) if (key >= 0) starts[key + 1]!++;
  for (let key = 0; key < numKeys; key++) starts[key + 1]! += starts[key]!;
  const [next, sorted] = [starts.slice(), new Int32Array(starts[numKeys]!)];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key >= 0) sorted[next[key]!++] = items ? items[i]! : i;
  }
  return { starts, items: sorted };
}

/** Whether two tokens are in a document together: the number of documents that have both. */
function byDocument({ text, starts, ranked, numDocuments }: CountedDocuments, columns: number): CoOccurrence {
  const rows = ranked.length;
  const last = new Int32Array(rows).fill(-1);
  const [terms, documents] = [new Int32Array(text.length), new Int32Array(text.length)]; // each token of each document once
  const ends = new Float64Array(numDocuments + 1);
  let length = 0;
  for (let document = 0; document < numDocuments; document++) {
    for (let at = starts[document]!; at < starts[document + 1]!; at++) {
      const rank = text[at]!;
      if (rank < 0 || last[rank] === document) continue;
      last[rank] = document;
      terms[length] = rank;
      documents[length++] = document;
    }
    ends[document + 1] = length;
  }
  const holders = listsBy(terms.subarray(0, length), documents, rows);
  const inColumns = Float64Array.from({ length: numDocuments }, (_, document) => {
    let count = 0;
    for (let at = ends[document]!; at < ends[document + 1]!; at++) if (terms[at]! < columns) count++;
    return count;
  });
  const sums = Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = holders.starts[row]!; i < holders.starts[row + 1]!; i++) sum += inColumns[holders.items[i]!]! - (row < columns ? 1 : 0);
    return sum;
  });
  return {
    rows,
    columns,
    sums,
    count(row, counts, touched) {
      let found = 0;
      for (let i = holders.starts[row]!; i < holders.starts[row + 1]!; i++) {
        const document = holders.items[i]!;
        const end = ends[document + 1]!;
        for (let at = ends[document]!; at < end; at++) {
          const rank = terms[at]!;
          if (rank >= columns || rank === row) continue;
          if (counts[rank]!++ === 0) touched[found++] = rank;
        }
      }
      return found;
    },
  };
}

/** Pairs at most `window` tokens apart in one document, each with the weight 1 / distance. */
function byWindow({ text, starts, ranked, numDocuments }: CountedDocuments, columns: number, window: number): CoOccurrence {
  const rows = ranked.length;
  const documentOf = new Int32Array(text.length);
  for (let document = 0; document < numDocuments; document++) documentOf.fill(document, starts[document], starts[document + 1]);
  const places = listsBy(text, undefined, rows);
  const visit = (row: number, each: (rank: number, weight: number) => void): void => {
    for (let i = places.starts[row]!; i < places.starts[row + 1]!; i++) {
      const place = places.items[i]!;
      const [first, end] = [starts[documentOf[place]!]!, starts[documentOf[place]! + 1]!];
      for (let at = Math.max(first, place - window); at < Math.min(end, place + window + 1); at++) {
        const rank = text[at]!;
        if (rank >= 0 && rank < columns && rank !== row) each(rank, 1 / Math.abs(at - place));
      }
    }
  };
  const sums = Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    visit(row, (_rank, weight) => (sum += weight));
    return sum;
  });
  return {
    rows,
    columns,
    sums,
    count(row, counts, touched) {
      let found = 0;
      visit(row, (rank, weight) => {
        if (counts[rank] === 0) touched[found++] = rank;
        counts[rank]! += weight;
      });
      return found;
    },
  };
}

/** Counts what stands beside what: in the same document, or at most `window` tokens apart. Internal. */
export function coOccurrence(
  counted: CountedDocuments,
  { columns, window }: { columns: number; window: number | undefined },
): CoOccurrence {
  return window === undefined ? byDocument(counted, columns) : byWindow(counted, columns, window);
}

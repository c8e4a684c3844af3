/** Keeps the `size` best of the candidates offered: greatest similarity first, the lower index among equals. Internal. */
export interface NearestRows {
  /** The indices, best first, of the candidates of one row of similarities. */
  select(similarities: Float32Array): Int32Array;
}

/**
 * Selects the greatest entries of rows of one length with a heap whose root is the worst entry kept. Internal.
 *
 * @param size how many to keep, at most the length of a row
 */
export function createNearestRows(size: number): NearestRows {
  const heap = new Int32Array(size);
  return {
    select(similarities) {
      // is row a to be dropped before row b?
      const worse = (a: number, b: number) => similarities[a]! < similarities[b]! || (similarities[a]! === similarities[b]! && a > b);
      const sink = (start: number) => {
        const moved = heap[start]!;
        let at = start;
        for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
          if (child + 1 < size && worse(heap[child + 1]!, heap[child]!)) child++;
          if (!worse(heap[child]!, moved)) break;
          heap[at] = heap[child]!;
          at = child;
        }
        heap[at] = moved;
      };
      for (let i = 0; i < size; i++) heap[i] = i;
      for (let i = (size >> 1) - 1; i >= 0; i--) sink(i);
      let threshold = similarities[heap[0]!]!;
      for (let i = size; i < similarities.length; i++)
        // at equal similarity the later row never wins
        if (similarities[i]! > threshold) {
          heap[0] = i;
          sink(0);
          threshold = similarities[heap[0]]!;
        }
      return heap.slice().sort((a, b) => similarities[b]! - similarities[a]! || a - b);
    },
  };
}

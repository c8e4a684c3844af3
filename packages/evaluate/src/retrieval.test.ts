import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { retrievalRecall } from './retrieval-recall.ts';
import { averageTemplates, zeroShotAccuracy } from './zero-shot-accuracy.ts';

const matrix = (rows: readonly (readonly number[])[]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length] as const,
});
/** Directions in the plane, by degrees. */
const at = (...degrees: number[]) => matrix(degrees.map((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]));

describe('retrievalRecall', () => {
  it('counts a query when one of its own is near enough', async () => {
    const candidates = at(0, 20, 40, 60, 80);
    // nearest first: 0 1 2 …; 4 3 2 …; 2 then 1 or 3
    const queries = at(2, 79, 39);
    expect(await retrievalRecall(queries, candidates, { relevant: [[0], [3], [0]], ranks: [1, 2, 5] })).toEqual([1 / 3, 2 / 3, 1]);
    expect(await retrievalRecall(queries, candidates, { relevant: [[4, 1], [0, 4], [2]], ranks: [1, 2] })).toEqual([2 / 3, 1]);
    expect(await retrievalRecall(queries, candidates, { relevant: [[0], [4], [2]] })).toEqual([1, 1, 1]); // also where there are fewer than ten
  });

  it('says what does not fit', async () => {
    const rows = at(0, 1);
    await expect(retrievalRecall(rows, rows, { relevant: [[0]] })).rejects.toThrow(
      '`relevant` must have a list for each of 2 queries, got 1',
    );
    await expect(retrievalRecall(rows, rows, { relevant: [[0], [2]] })).rejects.toThrow('of query 1 must have rows from 0 to 1, got 2');
    await expect(retrievalRecall(rows, rows, { relevant: [[0], []] })).rejects.toThrow('of query 1 must have rows from 0 to 1, got none');
    await expect(retrievalRecall(rows, rows, { relevant: [[0], [1]], ranks: [0] })).rejects.toThrow('`ranks` must be integers >= 1, got 0');
  });
});

describe('zeroShotAccuracy', () => {
  it('takes the class whose texts point there on average, however long they are', async () => {
    const texts = matrix([[1, 0], [10, 10], [0, 1], [0, 5]]); // prettier-ignore
    expect(averageTemplates(texts, 2).data).toEqual(Float32Array.of((1 + Math.SQRT1_2) / 2, Math.SQRT1_2 / 2, 0, 1));
    // the first class lies at 22.5 degrees, the second at 90
    expect(await zeroShotAccuracy(at(0, 30, 55, 58, 100), texts, { labels: [0, 0, 0, 0, 1], numTemplates: 2 })).toBe(0.8);
  });

  it('says what does not fit', async () => {
    await expect(zeroShotAccuracy(at(0), at(0, 1, 2), { labels: [0], numTemplates: 2 })).rejects.toThrow(
      'must have 2 rows for each class, got 3 rows in all',
    );
    await expect(zeroShotAccuracy(at(0), at(0, 1), { labels: [2] })).rejects.toThrow(/labels/);
  });
});

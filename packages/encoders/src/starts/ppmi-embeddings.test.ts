import { createRng, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { coOccurrence } from './co-occurrence.ts';
import { ppmiEmbeddings } from './ppmi-embeddings.ts';
import { ppmiMatrix } from './ppmi-matrix.ts';
import type { SparseMatrix } from './sparse-matrix.ts';
import { countDocuments } from './token-documents.ts';
import { truncatedSvd } from './truncated-svd.ts';

interface Fixture {
  vocabularySize: number;
  dim: number;
  documents: number[][];
  tokens: number[];
  idf: number[];
  unigram: number[];
  placeWeights: number[];
  cases: { window: number | null; ppmi: number[]; values: number[]; projector: number[]; products: number[] }[];
}
const { vocabularySize, dim, documents, tokens, cases, ...fixture } = JSON.parse(
  readFileSync(new URL('../../fixtures/ppmi.json', import.meta.url), 'utf8'),
) as Fixture;
const n = tokens.length;

const dense = ({ shape: [rows, columns], starts, columns: at, values }: SparseMatrix) => {
  const table = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) for (let i = starts[row]!; i < starts[row + 1]!; i++) table[row * columns + at[i]!] = values[i]!;
  return table;
};
/** `a · bᵀ` of rows with so many columns, each column k multiplied by `weights[k]`. */
const products = (rows: ArrayLike<number>, width: number, weights?: ArrayLike<number>) => {
  const count = rows.length / width;
  return Float64Array.from({ length: count * count }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < width; k++)
      sum += rows[Math.floor(at / count) * width + k]! * rows[(at % count) * width + k]! * (weights?.[k] ?? 1);
    return sum;
  });
};
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};
const rowsOf = (embeddings: Float32Array, ids: readonly number[], width = dim) =>
  ids.flatMap((id) => [...embeddings.subarray(id * width, (id + 1) * width)]);
const given = { vocabularySize, ignoredIds: [0] };
const who = 'ppmiEmbeddings';
const failure = async (run: () => Promise<unknown>) => {
  try {
    await run();
  } catch (error) {
    if (isSelfsupError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};

describe.each(cases)('PPMI against numpy, window $window', ({ window, ppmi, values, projector, products: expected }) => {
  const context = window === null ? {} : { window };

  test('the matrix and its transpose', async () => {
    const counted = await countDocuments(documents, { who, ...given, minDocuments: 2 });
    expect([...counted.ranked]).toEqual(tokens);
    const { square, transposed, rest } = await ppmiMatrix(coOccurrence(counted, { columns: n, window: window ?? undefined }), {
      smoothing: 0.75,
    });
    expect(worst(dense(square), ppmi)).toBeLessThan(1e-6);
    const across = Float64Array.from({ length: n * n }, (_, at) => ppmi[(at % n) * n + Math.floor(at / n)]!);
    expect(worst(dense(transposed), across)).toBeLessThan(1e-6);
    expect(rest.shape).toEqual([0, n]);
  });

  test('singular values and their subspace', async () => {
    const counted = await countDocuments(documents, { who, ...given, minDocuments: 2 });
    const { square, transposed } = await ppmiMatrix(coOccurrence(counted, { columns: n, window: window ?? undefined }), {
      smoothing: 0.75,
    });
    const svd = await truncatedSvd(square, { transposed, rank: dim, oversampling: 5, iterations: 12, rng: createRng(3) });
    expect(worst(svd.values, values)).toBeLessThan(1e-4);
    expect(worst(products(svd.scaledLeft, dim, svd.values.map((value) => value ** -2)), projector)).toBeLessThan(1e-4); // prettier-ignore
    const identity = products(
      tf.tidy(() => tf.transpose(tf.tensor2d(svd.right, [n, dim])).dataSync()),
      n,
    );
    expect(
      worst(
        identity,
        Float64Array.from({ length: dim * dim }, (_, at) => (at % (dim + 1) === 0 ? 1 : 0)),
      ),
    ).toBeLessThan(1e-5);
  });

  test('embeddings are the rows of U·√S with the root of their length, but for a rotation', async () => {
    const { embeddings, singularValues } = await ppmiEmbeddings(documents, { ...given, ...context, dim, iterations: 12 });
    expect(worst(singularValues, values)).toBeLessThan(1e-3);
    expect(worst(products(rowsOf(embeddings, tokens), dim), expected)).toBeLessThan(1e-4);
  });
});

describe('PPMI embeddings', () => {
  test('idf, unigram and the weights of places are those of numpy, 0 where a token does not count', async () => {
    const { idf, tokenWeights, placeWeights, unigram } = await ppmiEmbeddings(documents, { ...given, dim });
    expect(worst(tokens.map((id) => idf[id]!), fixture.idf)).toBeLessThan(1e-6); // prettier-ignore
    expect([idf[0], idf[vocabularySize - 2], idf[vocabularySize - 1]]).toEqual([0, 0, 0]);
    const inDocuments = Array.from({ length: vocabularySize }, (_, id) => documents.filter((document) => document.includes(id)).length);
    expect(
      worst(
        tokenWeights,
        idf.map((value, id) => (Math.sqrt(value) * inDocuments[id]!) / (inDocuments[id]! + 1)),
      ),
    ).toBeLessThan(1e-6);
    expect(worst(unigram, fixture.unigram)).toBeLessThan(1e-7);
    expect(worst(placeWeights, fixture.placeWeights)).toBeLessThan(1e-6);
    expect(placeWeights[0]).toBeGreaterThan(1.3);
  });

  test('tokens that do not count get small rows of their own', async () => {
    const { embeddings } = await ppmiEmbeddings(documents, { vocabularySize: 400, ignoredIds: [0], dim: 64, lengthPower: 1 });
    const uncounted = Array.from({ length: 400 }, (_, id) => id).filter((id) => !tokens.includes(id));
    const lengths = uncounted.map((id) => Math.hypot(...rowsOf(embeddings, [id], 64)));
    expect(lengths.reduce((a, b) => a + b) / lengths.length).toBeCloseTo(0.5, 1);
    expect(Math.max(...lengths)).toBeLessThan(0.75);
    for (const id of tokens) expect(Math.hypot(...rowsOf(embeddings, [id], 64))).toBeCloseTo(1, 5);
    expect(rowsOf(embeddings, [0], 64)).not.toEqual(rowsOf(embeddings, [399], 64));
  });

  test('a rare token lies beside those that stand where it stands', async () => {
    // two topics; tokens 21 and 22 are rare and left out of the decomposition
    const topic = (first: number, rare: number) =>
      Array.from({ length: 40 }, (_, i) => [
        ...Array.from({ length: 5 }, (_, k) => first + ((i * 3 + k * (1 + (i % 2))) % 9)),
        ...(i < 2 ? [rare] : []),
      ]);
    const text = [...topic(0, 21), ...topic(10, 22)];
    const { embeddings } = await ppmiEmbeddings(text, { vocabularySize: 23, dim: 2, maxTokens: 18, minDocuments: 1, lengthPower: 1 });
    const cosine = (a: number, b: number) => products(rowsOf(embeddings, [a, b], 2), 2)[1]!;
    expect(cosine(21, 4)).toBeGreaterThan(0.95);
    expect(cosine(22, 14)).toBeGreaterThan(0.95);
    expect(Math.abs(cosine(21, 14))).toBeLessThan(0.2);
    expect(Math.hypot(...rowsOf(embeddings, [21], 2))).toBeCloseTo(1, 5);
  });

  test('are the same for the same seed, from an array or an async generator', async () => {
    async function* read() {
      for (const document of documents) yield await Promise.resolve(Int32Array.from(document));
    }
    const [a, b, other] = [
      await ppmiEmbeddings(documents, { ...given, dim }),
      await ppmiEmbeddings(read(), { ...given, dim }),
      await ppmiEmbeddings(documents, { ...given, dim, seed: 1 }),
    ];
    expect(b).toEqual(a);
    expect(other.embeddings).not.toEqual(a.embeddings);
    expect(worst(other.idf, a.idf)).toBe(0);
  });

  test('more columns than the matrix has ranks hold nothing more, and none is left almost empty', async () => {
    const { embeddings, singularValues } = await ppmiEmbeddings([[1, 2], [3, 4], [1, 2], [3, 4]], { vocabularySize: 5, dim: 8 }); // prettier-ignore
    expect(singularValues.length).toBe(4);
    const squares = Float64Array.from({ length: 8 }, (_, k) => [1, 2, 3, 4].reduce((sum, id) => sum + embeddings[id * 8 + k]! ** 2, 0));
    expect(Math.min(...squares)).toBeGreaterThan(0.01);
    for (const id of [1, 2, 3, 4]) expect(Math.hypot(...rowsOf(embeddings, [id], 8))).toBeCloseTo(1, 5);
    expect(products(rowsOf(embeddings, [1, 2], 8), 8)[1]).toBeCloseTo(0, 5); // 1 stands beside 2 only, 2 beside 1 only: nothing is shared
  });

  test('hold no tensor', async () => {
    const before = tf.memory().numTensors;
    await ppmiEmbeddings(documents, { ...given, dim });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('say what is wrong', async () => {
    expect(await failure(() => ppmiEmbeddings([[1, 31]], { ...given, dim }))).toBe(
      'SELFSUP_DATA ppmiEmbeddings: `documents` must have integer ids in [0, 30), got 31 in document 0',
    );
    expect(await failure(() => ppmiEmbeddings([[1, 2], [3]], { ...given, dim }))).toMatch(/^SELFSUP_DATA .*0 tokens are in at least 2 /);
    expect(await failure(() => ppmiEmbeddings([], { ...given, dim: 0 }))).toMatch(/^SELFSUP_OPTION ppmiEmbeddings: `dim`/);
    expect(await failure(() => ppmiEmbeddings([], { ...given, dim, smoothing: 2 }))).toMatch(/`smoothing` must be in \[0, 1\], got 2/);
    expect(await failure(() => ppmiEmbeddings([], { ...given, dim, oversampling: -1 }))).toMatch(/`oversampling` must be an integer >= 0/);
    expect(await failure(() => ppmiEmbeddings([], { ...given, dim, lengthPower: -1 }))).toMatch(
      /`lengthPower` must be in \[0, 1\], got -1/,
    );
  });

  test('tell how far they are, up to the end', async () => {
    const told: { rows: number; totalRows: number }[] = [];
    await ppmiEmbeddings(documents, { ...given, dim, maxTokens: 5, onProgress: (progress) => told.push(progress) });
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)!.rows).toBe(told[0]!.totalRows);
    for (const [i, { rows }] of told.entries()) expect(rows).toBeGreaterThan(told[i - 1]?.rows ?? 0);
  });

  test('stop when they are told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(ppmiEmbeddings(documents, { ...given, dim, signal: stop.signal })).rejects.toThrow('enough');
  });
});

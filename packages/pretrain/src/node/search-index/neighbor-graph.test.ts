import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, drawNormal } from '@selfsup/core';
import { afterAll, expect, it } from 'vitest';
import { createGraph } from './neighbor-graph.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-graph-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

it('a graph of neighbors has the same bytes however its rows come', async () => {
  const [rows, dim] = [2100, 4];
  const data = drawNormal(createRng(0), rows * dim);
  const files: Buffer[] = [];
  for (const size of [250, 777, rows]) {
    const graph = await createGraph(dim);
    for (let first = 0; first < rows; first += size) graph.add(data.subarray(first * dim, Math.min(rows, first + size) * dim));
    expect(graph.size).toBe(rows);
    graph.save(join(root, 'graph'));
    files.push(readFileSync(join(root, 'graph')));
  }
  for (const file of files) expect(file.equals(files[0]!)).toBe(true);
});

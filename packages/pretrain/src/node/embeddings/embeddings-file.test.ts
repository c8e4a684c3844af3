import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNpy } from '@selfsup/data/node';
import { asyncBufferFromFile, parquetReadObjects, parquetMetadataAsync } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedRows } from '../../embed-samples.ts';
import { beginEmbeddings } from './embeddings-file.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-embeddings-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const DIM = 600;
const part = (from: number, rows: number): EmbeddedRows => ({
  items: Array.from({ length: rows }, (_, i) => ({
    file: `a,"${from + i}"`,
    ...(from === 0 && { label: 'cat' }),
    split: 'train',
    index: from + i,
  })),
  features: { data: Float32Array.from({ length: rows * DIM }, (_, i) => Math.fround((from * DIM + i) / 7)), shape: [rows, DIM] },
});
const write = async (name: string, parts: readonly EmbeddedRows[]) => {
  const file = await beginEmbeddings(join(root, name), { dim: DIM });
  for (const rows of parts) await file.write(rows);
  await file.keep();
  await file.drop(); // too late
  return join(root, name);
};

describe('beginEmbeddings', () => {
  it('writes NumPy arrays with an index beside them', async () => {
    const { data, shape } = await readNpy(await write('x.npy', [part(0, 3), part(3, 2)]));
    expect(shape).toEqual([5, DIM]);
    expect(data).toEqual(part(0, 5).features.data);
    const { rows } = JSON.parse(readFileSync(join(root, 'x.index.json'), 'utf8')) as { rows: unknown[] };
    expect(rows).toEqual([...part(0, 3).items, ...part(3, 2).items]);
    expect(readdirSync(root).sort()).toEqual(['x.index.json', 'x.npy']);
  });

  it('writes a table as text', async () => {
    const lines = readFileSync(await write('x.csv', [part(0, 2), part(2, 1)]), 'utf8').trimEnd().split('\n'); // prettier-ignore
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^file,label,split,index,e0,e1,.*,e599$/);
    expect(lines[1]).toMatch(/^"a,""0""",cat,train,0,0,0\.1428/);
    expect(lines[3]).toMatch(/^"a,""2""",,train,2,/);
  });

  it('writes a parquet table, in several groups of rows', async () => {
    const file = await asyncBufferFromFile(await write('x.PARQUET', [part(0, 1000), part(1000, 1000), part(2000, 10)]));
    const { row_groups: groups } = await parquetMetadataAsync(file);
    expect(groups.map(({ num_rows: rows }) => Number(rows))).toEqual([874, 874, 262]);
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(2010);
    for (const at of [0, 999, 1000, 2009]) {
      const { items, features } = part(at < 1000 ? 0 : 1000, 1010);
      const row = at < 1000 ? at : at - 1000;
      expect(rows[at]).toEqual({
        label: null,
        ...items[row],
        embedding: Array.from(features.data.subarray(row * DIM, (row + 1) * DIM)),
      });
    }
  });

  it.each(['.npy', '.csv', '.parquet'])('leaves nothing behind that is dropped, or no rows at all: %s', async (end) => {
    const file = await beginEmbeddings(join(root, `sub/x${end}`), { dim: DIM });
    await file.write(part(0, 3));
    expect(readdirSync(join(root, 'sub')).every((name) => name.endsWith('.partial'))).toBe(true);
    await file.drop();
    expect(readdirSync(join(root, 'sub'))).toEqual([]);
    await write(`empty${end}`, []);
    expect(readdirSync(root)).toContain(`empty${end}`);
  });

  it('knows no other format, and says why it cannot write', async () => {
    await expect(beginEmbeddings(join(root, 'x.txt'), { dim: 2 })).rejects.toThrow(
      /`path` must end in .npy, .csv or .parquet, got .*x.txt/,
    );
    await write('x.csv', [part(0, 1)]);
    await expect(beginEmbeddings(join(root, 'x.csv/y.npy'), { dim: 2 })).rejects.toThrow(
      /cannot write .*a file of that name is in the way/,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { openMetricsLog, parseMetrics, type MetricsRecord } from './metrics-log.ts';
import { memoryStore, readText } from './run-store.ts';

const record = (step: number, type = 'step'): MetricsRecord => ({ type, step, epoch: step / 4, seconds: step, loss: 1 / (step + 1) });

async function written(records: readonly MetricsRecord[]) {
  const store = memoryStore('runs/x');
  const log = await openMetricsLog(store, { step: 0 });
  for (const one of records) await log.append(one);
  return { store, check: log.check, text: (await readText(store, 'metrics.jsonl'))! };
}
const four = [record(0, 'knn'), record(1), record(2), record(3)];
const encode = (text: string) => new TextEncoder().encode(text);

describe('parseMetrics', () => {
  it('gives back what was appended', async () => {
    expect(parseMetrics((await written(four)).text)).toEqual(four);
    expect(parseMetrics('')).toEqual([]);
  });

  it('finds every bit that flips, but in a last line without its end', async () => {
    const { text } = await written(four);
    for (let at = 0; at < text.length; at++) {
      const flipped = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`;
      if (at < text.length - 1)
        expect(() => parseMetrics(flipped)).toThrow(/^metrics.jsonl is damaged: line [1-4] is not as it was written; restore it/);
      else expect(parseMetrics(flipped)).toEqual(four.slice(0, 3));
    }
  });

  it('finds lines that are lost, come twice or changed places', async () => {
    const lines = (await written(four)).text.split('\n').slice(0, -1);
    for (const order of [
      [0, 2, 3],
      [0, 1, 1, 2],
      [1, 0, 2, 3],
      [0, 1, 3, 2],
    ])
      // prettier-ignore
      expect(() => parseMetrics(order.map((i) => `${lines[i]!}\n`).join(''))).toThrow('is damaged: line');
  });

  it('refuses a line with more than numbers and texts', () => {
    const line = `{"type":"step","step":1,"epoch":1,"seconds":1,"loss":${'['.repeat(20_000)}${']'.repeat(20_000)},"check":"00000000"}\n`;
    expect(() => parseMetrics(line)).toThrow('metrics.jsonl is damaged: line 1');
  });

  it('stops at the lines that a result speaks of, and misses them', async () => {
    const { text, check } = await written(four);
    const { check: earlier } = await written(four.slice(0, 2));
    expect(parseMetrics(text, { until: earlier })).toEqual(four.slice(0, 2));
    expect(parseMetrics(text, { until: check })).toEqual(four);
    expect(() => parseMetrics(text.slice(0, -3), { until: check })).toThrow(
      'metrics.jsonl does not hold the lines that result.json speaks of',
    );
  });
});

describe('openMetricsLog', () => {
  it('drops what comes after the checkpoint and a line that was cut off, and goes on as if nothing had been', async () => {
    const { store, text, check } = await written(four);
    for (const [more, step] of [
      ['', 3],
      ['{"type":"st', 3],
      ['', 2],
    ] as const) {
      await store.write('metrics.jsonl', encode(text + more));
      const log = await openMetricsLog(store, { step });
      expect(log.records).toEqual(four.slice(0, step + 1));
      if (step === 2) await log.append(four[3]!);
      expect(await readText(store, 'metrics.jsonl')).toBe(text);
      expect(log.check).toBe(check);
    }
    await openMetricsLog(store, { step: 0 });
    expect(parseMetrics((await readText(store, 'metrics.jsonl'))!)).toEqual(four.slice(0, 1));
  });

  it('refuses lines that are cut off before the checkpoint, and goes on without a file that was taken away', async () => {
    const { store, text } = await written(four);
    await store.write('metrics.jsonl', encode(text.slice(0, -1)));
    await expect(openMetricsLog(store, { step: 3 })).rejects.toThrow('runs/x/metrics.jsonl is cut off: the checkpoint has seen 3 updates');
    await store.remove('metrics.jsonl');
    for (let session = 0; session < 2; session++)
      expect((await openMetricsLog(store, { step: 3 })).records).toEqual([{ type: 'lost', step: 3, epoch: 0, seconds: 0 }]);
  });
});

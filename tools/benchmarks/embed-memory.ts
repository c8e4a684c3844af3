/**
 * The most memory that embedding takes, by how many images: `node --conditions=@selfsup/source tools/benchmarks/embed-memory.ts [count …]`.
 * Each count and format runs in a process of its own; images are made up as they are read, and nothing is kept of them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selectBackend } from '@selfsup/backends';
import type { ImageDataset } from '@selfsup/data';
import { embedSamples, loadEncoder, pretrain } from '@selfsup/pretrain';
import { beginEmbeddings } from '@selfsup/pretrain/node';

const SIDE = 32;
const BYTES = SIDE * SIDE * 3;

/** Noise: as many images as one likes, none of which is kept. */
const noise = (length: number): ImageDataset => ({
  ...{ name: 'noise', length, height: SIDE, width: SIDE, channels: 3 },
  read: (indices) => {
    const pixels = new Uint8Array(indices.length * BYTES);
    for (let i = 0; i < indices.length; i++) {
      let state = (indices[i]! * 2654435761 + 1) >>> 0;
      for (let at = i * BYTES; at < (i + 1) * BYTES; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        pixels[at] = state >>> 24;
      }
    }
    return Promise.resolve({ pixels, shape: [indices.length, SIDE, SIDE, 3], indices: Int32Array.from(indices) });
  },
});

async function embed(count: number, path: string): Promise<void> {
  let bytes: Uint8Array | undefined;
  const options = { task: 'simclr', data: 'shapes', limit: 64, epochs: 1, batchSize: 32, encoderOptions: { widths: [16, 32] }, threads: 1 };
  for await (const event of pretrain(options)) if (event.type === 'end') bytes = event.encoder;
  await selectBackend();
  const encoder = await loadEncoder(bytes!);
  const started = performance.now();
  const file = await beginEmbeddings(path, { dim: encoder.outputDim });
  for await (const rows of embedSamples(encoder, [{ samples: noise(count) }])) await file.write(rows);
  await file.keep();
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024), seconds: Number(seconds.toFixed(1)) }));
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'one') await embed(Number(rest[0]), rest[1]!);
else {
  const counts = [first, ...rest].filter((text) => text !== undefined).map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-embed-memory-'));
  console.log('| images | format | peak memory | file | time |\n| --- | --- | --- | --- | --- |');
  try {
    for (const format of ['npy', 'csv', 'parquet'])
      for (const count of counts.length > 0 ? counts : [20_000, 200_000]) {
        const path = join(folder, `${count}.${format}`);
        const argv = [...process.execArgv, fileURLToPath(import.meta.url), 'one', String(count), path];
        const text = execFileSync(process.execPath, argv, { encoding: 'utf8' }).trim().split('\n').at(-1)!;
        const { peakMiB, seconds } = JSON.parse(text) as { peakMiB: number; seconds: number };
        const size = Math.round(statSync(path).size / 2 ** 20);
        console.log(`| ${count.toLocaleString('en-US')} | .${format} | ${peakMiB} MiB | ${size} MiB | ${seconds} s |`);
        rmSync(path);
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// The features of a run's network with fresh weights, as `selfsup embed` writes those of the trained one: the control beside it.
// usage: npx node --conditions=@selfsup/source tools/baselines/embed-untrained.ts --run runs/x --data photos/ --out all.npy
import { selectBackend } from '@selfsup/backends';
import { writeNpy } from '@selfsup/data/node';
import { describeSample, openSamplesFor, silentProgress, type Samples } from '@selfsup/pretrain';
import { loadEncoder } from '@selfsup/pretrain/node';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { run: text, data: text, out: text } });
const { run: folder, data, out } = values;
if (folder === undefined || data === undefined || !out?.endsWith('.npy'))
  throw new Error('--run and --data must be given, and --out must be a file that ends in .npy');

console.error((await selectBackend()).description);
const encoder = await loadEncoder(folder);
const { modality, files } = encoder;
const opened = await openSamplesFor(encoder, { data });
const untrained = encoder.createUntrained();
const rows: object[] = [];
const features: Float32Array[] = [];
let dim = 0;

async function encode(split: string, samples: Samples): Promise<void> {
  const found = await modality.encode(untrained.features, samples, {
    input: encoder.input,
    files,
    progress: silentProgress,
    stage: 'Encoding',
  });
  features.push(found.data);
  dim = found.shape[1];
  for (const index of found.indices) rows.push(describeSample({ samples, split }, index)); // as `selfsup embed` writes them
}

await encode('train', opened.train);
if (opened.test) await encode('test', opened.test);
untrained.encoder.dispose();
encoder.dispose();
const all = new Float32Array(rows.length * dim);
let at = 0;
for (const part of features) {
  all.set(part, at);
  at += part.length;
}
await mkdir(dirname(out), { recursive: true });
await writeNpy(out, all, [rows.length, dim]);
await writeFile(out.replace(/\.npy$/, '.index.json'), `${JSON.stringify({ rows })}\n`);

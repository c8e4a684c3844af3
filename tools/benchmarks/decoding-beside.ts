// `node --conditions=@selfsup/source tools/benchmarks/decoding-beside.ts FOLDER`: epochs of SimCLR (ResNet-18, CIFAR stem) on photos that are decoded
// anew each time, beside the threads of the kernels: wall and CPU time of an epoch.
//   --threads LIST (default 1,2)  --prefetch LIST (batches read ahead, default 0,2)  --concurrency LIST (threads of sharp for one photo, default 1,0: its own choice)
//   --size N (default 32)  --batch N (default 32)  --rounds N (default 3, median)
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, toImages, type ImagePixels } from '@selfsup/data';
import { imageFolder } from '@selfsup/data/node';
import { fit, type Source } from '@selfsup/trainer';
import sharp from 'sharp';
import { simclrTrainer } from './simclr-step.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    prefetch: { type: 'string', default: '0,2' },
    concurrency: { type: 'string', default: '1,0' },
    size: { type: 'string', default: '32' },
    batch: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('decoding-beside: give a folder of photos');
const list = (text: string): number[] => text.split(',').map(Number);
const [imageSize, batchSize, rounds] = [flags.size, flags.batch, flags.rounds].map(Number) as [number, number, number];
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

interface Times {
  readonly wall: number;
  readonly cpu: number;
  readonly reading: number;
  readonly training: number;
}

await selectBackend({ prefer: 'wasm', threads: Math.max(...list(flags.threads)) });
const { trainer } = simclrTrainer();
let epoch = 0;
/** Trains for one epoch. */
async function timeEpoch(source: Source<ImagePixels>): Promise<Times> {
  const one: Source<ImagePixels> = { ...source, epoch: (index, options) => source.epoch(index, options) };
  const [from, cpuFrom] = [performance.now(), process.cpuUsage()];
  const { seconds } = await fit(trainer, {
    source: one,
    prepare: (pixels) => ({ views: [toImages(pixels), toImages(pixels)] }),
    epochs: ++epoch,
  });
  const { user, system } = process.cpuUsage(cpuFrom);
  return { wall: (performance.now() - from) / 1000, cpu: (user + system) / 1e6, reading: seconds.reading, training: seconds.training };
}

const line = (name: string, times: readonly Times[]): void => {
  const of = (key: keyof Times): string => middle(times.map((time) => time[key])).toFixed(2);
  console.log(`${name.padEnd(58)} ${of('wall')} s, CPU ${of('cpu')} s; waited for photos ${of('reading')} s, trained ${of('training')} s`);
};

const [anew, kept] = [await imageFolder(folder, { imageSize, cacheBytes: 0 }), await imageFolder(folder, { imageSize })];
const decode = async (): Promise<Times> => {
  const [from, cpuFrom] = [performance.now(), process.cpuUsage()];
  await anew.read(Int32Array.from({ length: anew.length }, (_, i) => i));
  const { user, system } = process.cpuUsage(cpuFrom);
  const wall = (performance.now() - from) / 1000;
  return { wall, cpu: (user + system) / 1e6, reading: wall, training: 0 };
};
const loaderOf = (dataset: typeof anew, prefetch: number) => createLoader(dataset, { batchSize, prefetch, rng: createRng(0) });
const variants = list(flags.concurrency).flatMap((concurrency) => list(flags.prefetch).map((prefetch) => ({ concurrency, prefetch })));

for (const threads of list(flags.threads)) {
  const { description } = await selectBackend({ prefer: 'wasm', threads });
  console.log(
    `\n${description}; ${anew.length} photos, ${imageSize} × ${imageSize}, batches of ${batchSize}, sharp's own choice ${sharp.concurrency(0)}`,
  );
  await timeEpoch(loaderOf(kept, 2)); // the engine compiles
  const [training, decoding] = [[] as Times[], [] as Times[]];
  const both = variants.map((variant) => ({ ...variant, times: [] as Times[] }));
  for (let round = 0; round < rounds; round++) {
    training.push(await timeEpoch(loaderOf(kept, 2)));
    decoding.push(await decode());
    for (const { concurrency, prefetch, times } of both) {
      sharp.concurrency(concurrency);
      times.push(await timeEpoch(loaderOf(anew, prefetch)));
    }
  }
  line('training alone, photos decoded before', training);
  line('decoding alone', decoding);
  for (const { concurrency, prefetch, times } of both)
    line(`both, ${prefetch === 0 ? 'nothing' : `${prefetch} batches`} ahead, sharp.concurrency ${concurrency || "sharp's own"}`, times);
}

// `node --conditions=@selfsup/source tools/benchmarks/accumulate-memory.ts [batch] [micro-batches]`: what a step of SimCLR with ResNet-18 needs at most, of one
// batch and of several micro-batches of that size, on the wasm backend. Exits with 1 when the second needs 15 % more.
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { simclrTrainer } from './simclr-step.ts';
import { trackHeap, type WatchedHeap } from './track-heap.ts';

const [batch, count] = [Number(process.argv[2] ?? 64), Number(process.argv[3] ?? 4)];
const { description } = await selectBackend({ prefer: 'wasm' });
const heap = trackHeap((tf.backend() as unknown as { wasm: WatchedHeap }).wasm);
const { trainer, viewsOf } = simclrTrainer();

async function* microBatches(parts: number) {
  for (let i = 0; i < parts; i++) {
    const views = viewsOf(batch);
    yield await Promise.resolve(views);
    tf.dispose(views);
  }
}
/** The peak of a step in MiB; the first step of each kind warms up. */
async function measure(parts: number): Promise<number> {
  for (let i = 0; i < 2; i++) {
    heap({ restart: true });
    const start = performance.now();
    const { loss } = await trainer.trainStep(microBatches(parts));
    console.log(`${parts} × ${batch}: loss ${loss.toFixed(4)}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  return heap().peakBytes / 2 ** 20;
}

const one = await measure(1);
const several = await measure(count);
trainer.dispose();
console.log(description);
console.log(
  `1 × ${batch}: at most ${one.toFixed(0)} MiB; ${count} × ${batch}: at most ${several.toFixed(0)} MiB, ${(100 * (several / one - 1)).toFixed(1)} % more`,
);
if (several > 1.15 * one) process.exitCode = 1;

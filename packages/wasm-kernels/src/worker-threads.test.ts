import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { trainingStep } from '../test/training-step.ts';
import { builds, startWasm } from '../test/wasm-under-test.ts';

// The threads read TypeScript themselves, which Node 20 cannot.
it.skipIf(!process.features.typescript).each(builds)('two threads compute as the main thread does, bit by bit (%s SIMD)', async (simd) => {
  const registration = await startWasm(simd);
  const expected = await trainingStep();
  registration.dispose();
  const threads = [0, 1].map(() => new Worker(new URL('../test/worker-program.ts', import.meta.url), { workerData: { simd } }));
  const answers = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as unknown));
  for (const answer of answers) expect(answer).toEqual({ ...expected, kernels: registration.kernels.length, tensors: 0 });
  await Promise.all(threads.map((thread) => thread.terminate()));
});

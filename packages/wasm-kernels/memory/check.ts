// `npm run test:memory`: kernels on tensors of 2 and of 3.5 GiB, and tensors of 1 and 2 GiB up to the limit of the heap. Every build, and the wide one on several
// threads. Takes some minutes and 5 GiB of memory.
import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { untouched } from '../test/fill-heap.ts';
import { nameOf, startVariant, variants, type Variant } from '../test/wasm-under-test.ts';
import { images, largest, matrices, normalization, normalisationGradient, type Compare } from './large-checks.ts';
import { elementAt, samples } from './large-values.ts';

const report = (ok: boolean, what: string): void => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`);
  if (!ok) process.exitCode = 1;
};

const compare: Compare = (what, tensor, expected, tolerance = 1e-5) => {
  let difference = 0;
  let norm = 0;
  for (const place of samples(tensor.size)) {
    const should = expected(place);
    difference += (elementAt(tensor, place) - should) ** 2;
    norm += should ** 2;
  }
  const error = Math.sqrt(difference / norm);
  report(error < tolerance, `${what}: [${tensor.shape.join(', ')}], relative error of samples ${error.toExponential(1)}`);
};

/** Allocates until the heap is full; what cannot be allocated has to say so. */
function limits(): void {
  for (const gibibytes of [1, 2]) {
    const held: tf.Tensor[] = [];
    let message = '';
    while (message === '') {
      try {
        held.push(untouched(gibibytes * 2 ** 30));
      } catch (error) {
        message = `${(error as { code?: string }).code ?? ''} ${(error as Error).message}`;
      }
    }
    const fits = Math.floor(3.9 / gibibytes);
    report(
      message.startsWith('SELFSUP_MEMORY') && held.length === fits,
      `${held.length} tensors of ${gibibytes} GiB fit, then: ${message}`,
    );
    tf.dispose(held);
  }
}

const CHECKS: Readonly<Record<string, (compare: Compare) => void>> = {
  limits,
  largest,
  matrices,
  normalization,
  normalisationGradient,
  images,
};

async function run(variant: Variant, name: string): Promise<void> {
  tf.enableProdMode();
  const registration = await startVariant(variant);
  const start = performance.now();
  tf.tidy(() => {
    CHECKS[name]!(compare);
  });
  report(
    tf.memory().numTensors === 0,
    `${name} (${nameOf(variant)}): ${((performance.now() - start) / 1000).toFixed(1)} s, no tensor left`,
  );
  registration.dispose();
}

const [chosen, name] = process.argv.slice(2);
if (name !== undefined) await run(variants[Number(chosen)]!, name);
else {
  // Each in a process, on a heap of its own: what a former one left would lie in the middle of the free space.
  for (const [i, variant] of variants.entries()) {
    for (const check of Object.keys(CHECKS)) {
      const { status } = spawnSync(process.execPath, [...process.execArgv, process.argv[1]!, String(i), check], { stdio: 'inherit' });
      report(status === 0, `${check} (${nameOf(variant)})`);
    }
  }
}

// The program that runs tfjs-core's own tests on the wasm backend; check.ts bundles it and starts it once for the stock kernels and once for ours.
// Arguments: `stock` or `ours`, the folder of tfjs's .wasm files, the URL of the folder of ours, the file for the results, a part of the tests' names.
import { jasmineEnv } from './boot-jasmine.mjs'; // first: the tests need jasmine's globals while they load
import './wasm-environment.mjs';
import { writeFileSync } from 'node:fs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/tests';
import { registerTrainingKernels } from '../../packages/wasm-kernels/src/index.ts';

const [kernels, tfjsFolder, ourFolder, file, only = ''] = process.argv.slice(2);

async function run() {
  setWasmPaths(tfjsFolder);
  await tf.setBackend('wasm');
  // Once: every `describe` of the suite resets the engine and gets a new backend, and the kernels have to follow.
  if (kernels === 'ours') await registerTrainingKernels({ assetsUrl: ourFolder });
  const results = {};
  jasmineEnv.configure({ random: false, specFilter: (spec) => spec.getFullName().includes(only) });
  jasmineEnv.clearReporters();
  jasmineEnv.addReporter({
    specDone({ fullName, status, failedExpectations }) {
      if (status === 'excluded' || status === 'pending') return;
      // tests of one name count as one, which fails if any of them does
      if (status === 'passed') results[fullName] ??= null;
      else results[fullName] = failedExpectations.map(({ message }) => message).join('\n') || status;
    },
  });
  await jasmineEnv.execute();
  writeFileSync(file, JSON.stringify(results));
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

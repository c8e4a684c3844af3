import { selectBackend } from '@selfsup/backends';
import { backendChecks } from '@selfsup/testing';
import * as tf from '@tensorflow/tfjs-core';
const [prefer, only, cases] = process.argv.slice(2);
const b = await selectBackend({ prefer: prefer!, threads: 1 });
console.log(b.description);
let n = 0, start = performance.now();
const slow: [number, string][] = [];
for (const { name, run } of backendChecks({ ...(only && only !== 'all' && { operations: only.split(',') }), cases: Number(cases ?? 12) })) {
  n++;
  const t = performance.now();
  await run().catch((e: Error) => console.log('FAIL', name, e.message.slice(0, 400), e.name === 'SelfsupError' ? '' : e.stack?.split('\n').slice(1, 5).join('\n')));
  slow.push([Math.round(performance.now() - t), name]);
}
console.log(n, 'checks', Math.round(performance.now() - start), 'ms', slow.sort((a, b) => b[0] - a[0]).slice(0, 8), tf.memory().numTensors);

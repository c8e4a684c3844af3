// A thread that starts when the flag is on must not take it back: its proof compares with what another thread compiled without it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

it.runIf(/^2[23]\./.test(process.versions.node) && process.features.typescript)(
  'a proof holds in the threads that come later',
  async () => {
    const program = `import { parentPort } from 'node:worker_threads';
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { proveTurboshaft } from ${JSON.stringify(new URL('./prove-turboshaft.ts', import.meta.url).href)};
    const reason = await proveTurboshaft();
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    parentPort.postMessage(reason);
    parentPort.on('message', () => undefined); // stays`;
    const workers: Worker[] = [];
    const prove = async () => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
        execArgv: ['--conditions=@selfsup/source'],
      });
      workers.push(worker);
      return ((await once(worker, 'message')) as unknown[])[0];
    };
    const [first, second] = [await prove(), await prove()];
    await Promise.all(workers.map((worker) => worker.terminate()));
    if (first === undefined) expect(second).toBeUndefined();
  },
);

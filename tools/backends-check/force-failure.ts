// Forces one failure of forced-failures.ts in this process and prints what was said, as the last line, in JSON.
//   node force-failure.ts NAME
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { closeBackends, selectBackend } from '@selfsup/backends';
import { convNet, projectionHead } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { disturbRun, tinyLosses, wordsOf } from './disturb-run.ts';
import { resetBackend } from './reset-backend.ts';

const require = createRequire(new URL('../../packages/backends/src/index.ts', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-failure-'));

/** What selecting a backend says. */
const select = (options: Parameters<typeof selectBackend>[0]): Promise<string> =>
  selectBackend(options).then(({ name }) => `computes on ${name}`, wordsOf);

const wasmFolder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));

/** Takes all memory that the wasm backend can have, and keeps it. */
function fillHeap(): void {
  const { wasm } = tf.backend() as unknown as { wasm: { _malloc: (bytes: number) => number } };
  for (let bytes = 2 ** 30; bytes >= 2 ** 10;)
    try {
      wasm._malloc(bytes);
    } catch {
      bytes /= 2;
    }
}

/** A folder in which tfjs-node is as npm leaves it without its install script. */
function withoutBinary(): string | undefined {
  const from = join(modules, '@tensorflow/tfjs-node');
  if (!existsSync(from)) return undefined;
  const to = join(scratch, 'node_modules');
  mkdirSync(join(to, '@tensorflow'), { recursive: true });
  for (const name of readdirSync(modules)) if (name !== '@tensorflow') symlinkSync(join(modules, name), join(to, name));
  for (const name of readdirSync(join(modules, '@tensorflow')))
    if (name !== 'tfjs-node') symlinkSync(join(modules, '@tensorflow', name), join(to, '@tensorflow', name));
  const isBinary = (path: string) => /tfjs-node[\\/](lib|deps|build)/.test(path);
  cpSync(from, join(to, '@tensorflow/tfjs-node'), { recursive: true, filter: (path) => !isBinary(path) });
  return scratch;
}

/** Gives the backends of tfjs another copy of tfjs-core than everybody else has; how often it was asked for. */
function giveSecondCore(): () => number {
  let asked = 0;
  const copy = join(scratch, 'second-core.js');
  cpSync(require.resolve('@tensorflow/tfjs-core'), copy);
  symlinkSync(modules, join(scratch, 'node_modules'));
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== '@tensorflow/tfjs-core' || !/tfjs-backend-/.test(context.parentURL ?? '')) return next(specifier, context);
      asked++;
      return { url: pathToFileURL(copy).href, format: 'commonjs', shortCircuit: true };
    },
  });
  return () => asked;
}

const forces: Readonly<Record<string, () => Promise<string>>> = {
  'no webgpu package': () => {
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === 'webgpu') throw new Error("Cannot find package 'webgpu'");
        return next(specifier, context);
      },
    });
    return select({ prefer: 'webgpu' });
  },
  'no adapter': () => select({ prefer: 'webgpu' }),
  'device lost': () =>
    disturbRun('webgpu', {
      between: () => {
        const { device } = tf.backend() as unknown as { device: GPUDevice };
        device.destroy();
        return device.lost;
      },
    }),
  'tensor too large': () =>
    disturbRun('webgpu', {
      during: () => {
        tf.fill([2 ** 29], 1).dispose();
      },
    }),
  'heap full': () => disturbRun('wasm', { during: fillHeap }, 4),
  'wrong path': () => select({ prefer: 'wasm', wasmPath: '/nowhere' }),
  'path without slash': () => select({ prefer: 'wasm', wasmPath: wasmFolder }),
  'no binary': () => {
    const folder = withoutBinary();
    if (folder === undefined) return Promise.resolve('skipped: @tensorflow/tfjs-node is not installed');
    process.chdir(folder);
    return select({ prefer: 'tensorflow' });
  },
  losses: async () => JSON.stringify(await tinyLosses('wasm')),
  'two copies': async () => {
    const script = fileURLToPath(import.meta.url);
    const printed = execFileSync(process.execPath, [...process.execArgv, script, 'losses'], { encoding: 'utf8' });
    const single = JSON.parse(printed.trim().split('\n').at(-1)!) as string;
    const asked = giveSecondCore();
    const losses = JSON.stringify(await tinyLosses('wasm'));
    if (asked() === 0) return 'no second copy was asked for';
    return losses === single ? 'trains with both, with the losses of a single copy' : `trains with other losses: ${losses} and ${single}`;
  },
  'no gradients': () => {
    const backbone = convNet({ channels: 3, widths: [4, 8] });
    const task = simclr({ backbone, projectionHead: projectionHead({ inputDim: 8, hiddenDim: 8, outputDim: 4 }) });
    return new Promise((resolve) => {
      try {
        createTrainer({ task, optimizer: sgd({ learningRate: 0.1 }), totalSteps: 1, seed: 0 });
        resolve('nothing was said');
      } catch (error) {
        resolve(wordsOf(error));
      }
    });
  },
};

const [name = ''] = process.argv.slice(2);
const [how, backend] = name.split(' ') as ['reset' | 'remove', string];
try {
  const said = await (forces[name] ?? (() => resetBackend(backend, how)))();
  console.log(`\n${JSON.stringify(said)}`);
} finally {
  await closeBackends();
  process.chdir(tmpdir());
  rmSync(scratch, { recursive: true, force: true });
}

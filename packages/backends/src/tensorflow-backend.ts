import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { BackendOptions, BackendSetup, PreparedBackend } from './backend-setup.ts';
import { coresHere } from './count-cores.ts';
import { ensureRegistered } from './import-backend.ts';
import { findTfjsNode, importTfjsNode, NOT_INSTALLED, type FoundPackage } from './load-tfjs-node.ts';

/** What tfjs-node's backend says of itself. */
interface NodeBackend {
  /** Whether TensorFlow lists a GPU among its devices. */
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** How many threads TensorFlow was started with; it takes their number when it is loaded. */
let started: number | undefined;

const wantedThreads = ({ threads = 'auto' }: BackendOptions): number => (threads === 'auto' ? coresHere() : threads);

/** Imports tfjs-node without leaving it the current backend, and keeps tfjs from choosing it by itself. */
async function load(found: FoundPackage, options: BackendOptions): Promise<void> {
  const { registryFactory, registry } = tf.engine();
  if (started !== undefined || Object.hasOwn(registryFactory, 'tensorflow')) {
    ensureRegistered('tensorflow', found.name);
    return;
  }
  const before = Object.hasOwn(registry, tf.engine().backendName ?? '') ? tf.engine().backendName : undefined;
  const wanted = wantedThreads(options);
  await importTfjsNode(found, { threads: wanted });
  started = Number(process.env['TF_NUM_INTRAOP_THREADS']) || wanted;
  ensureRegistered('tensorflow', found.name);
  const factory = tf.findBackendFactory('tensorflow');
  tf.removeBackend('tensorflow');
  tf.registerBackend('tensorflow', factory, 0);
  ensureRegistered('tensorflow', found.name); // at this priority, from now on
  if (before !== undefined) await tf.setBackend(before);
}

/** Whether the machine may have a GPU that TensorFlow can use: asked before 800 MB of it are loaded. */
function mayHaveGpu(): boolean {
  const { platform } = process;
  if (platform !== 'linux') return platform === 'win32';
  const { existsSync } = process.getBuiltinModule('node:fs');
  return existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}

const ON_CPU = 'it would compute on the CPU, where wasm is faster';

async function reasonToSkip(options: BackendOptions): Promise<string | undefined> {
  const found = findTfjsNode();
  if (found === undefined) return NOT_INSTALLED;
  if (!mayHaveGpu()) return `no GPU: ${ON_CPU}`;
  try {
    await load(found, options);
  } catch (error) {
    return (error as Error).message;
  }
  const backend = tf.findBackend('tensorflow') as unknown as NodeBackend; // starts it, and leaves the current one current
  return backend.isUsingGpuDevice ? undefined : `TensorFlow ${backend.binding.TF_Version} lists no GPU: ${ON_CPU}`;
}

async function setUp(options: BackendOptions): Promise<PreparedBackend> {
  tf.enableProdMode();
  const found = findTfjsNode();
  if (found === undefined) throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: ${NOT_INSTALLED}`);
  await load(found, options);
  if (!(await tf.setBackend('tensorflow')))
    throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: ${found.name} could not start TensorFlow; what it printed says why`);
  await tf.ready();
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as NodeBackend;
  const asked = wantedThreads(options);
  const threads = started ?? asked;
  const changed =
    asked === threads || options.threads === undefined || options.threads === 'auto' ? [] : ['their number is fixed once it is loaded'];
  const where = isUsingGpuDevice ? ['on a GPU'] : [`on the CPU`, threads === 1 ? '1 thread' : `${threads} threads`, ...changed];
  const about = [`TensorFlow ${binding.TF_Version} ${where.join(', ')}`];
  if (options.trainingKernels === false)
    return { name: 'tensorflow', description: `tensorflow (${[...about, 'stock kernels'].join(', ')})` };
  const kernels = '@selfsup/tensorflow-kernels'; // a browser's bundler shall not look for it
  const { registerTensorflowKernels } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ kernels).catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: stock tfjs-node cannot train all encoders; run \`npm install ${kernels}\``, {
      cause,
    });
  })) as typeof import('@selfsup/tensorflow-kernels');
  const registered = registerTensorflowKernels();
  return { name: 'tensorflow', description: `tensorflow (${[...about, registered.description].join(', ')})` };
}

/** TensorFlow itself, by tfjs-node or tfjs-node-gpu: Node only. `auto` takes it where TensorFlow lists a GPU. */
export const tensorflowSetup: BackendSetup = { name: 'tensorflow', reasonToSkip, setUp };

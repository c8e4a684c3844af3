import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { BackendSetup, PreparedBackend } from './backend-setup.ts';
import { importBackend } from './import-backend.ts';
import { repairCpu } from './repair-cpu.ts';

async function setUp(): Promise<PreparedBackend> {
  tf.enableProdMode(); // without it the backend prints an advertisement in Node
  await importBackend('cpu', { package: '@tensorflow/tfjs-backend-cpu', load: () => import('@tensorflow/tfjs-backend-cpu') });
  if (!(await tf.setBackend('cpu'))) throw new SelfsupError('SELFSUP_BACKEND', 'selectBackend: tfjs could not initialize its cpu backend');
  await tf.ready();
  repairCpu();
  return { name: 'cpu', description: 'cpu (plain JavaScript)' };
}

/** The plain JavaScript backend, with the gradients repaired that tfjs gets wrong there. It is slow. */
export const cpuSetup: BackendSetup = { name: 'cpu', setUp };

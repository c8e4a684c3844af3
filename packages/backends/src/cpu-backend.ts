import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { BackendSetup } from './backend-setup.ts';
import { repairCpu } from './repair-cpu.ts';

/**
 * Makes the plain JavaScript backend current, with the gradients repaired that tfjs gets wrong there. It is slow.
 *
 * @returns its details
 * @throws SelfsupError `SELFSUP_BACKEND` when `@tensorflow/tfjs-backend-cpu` is not installed
 */
export const setUpCpu: BackendSetup = async () => {
  tf.enableProdMode(); // without it the backend prints an advertisement in Node
  try {
    await import('@tensorflow/tfjs-backend-cpu');
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'selectBackend: the cpu backend is not installed; run `npm install @tensorflow/tfjs-backend-cpu`',
      { cause },
    );
  }
  if (!(await tf.setBackend('cpu'))) throw new SelfsupError('SELFSUP_BACKEND', 'selectBackend: tfjs could not initialize its cpu backend');
  await tf.ready();
  repairCpu();
  return { name: 'cpu', description: 'cpu (plain JavaScript)' };
};
